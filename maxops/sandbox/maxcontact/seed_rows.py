"""The rows behind the demo seed: campaigns, lists, teams and names of an invented contact centre."""

from maxops.sandbox.documents import MANAGEMENT

TYPES = list(MANAGEMENT["codes"]["CampaignType"].values())

# Name, description, type, status, lists, teams
CAMPAIGNS = (
    ("Energy Switching", "Domestic dual-fuel switches, new enquiries", "Predictive", 1, (1, 2, 3), (1, 2)),
    ("Boiler Cover Renewals", "Policies that end within 30 days", "Progressive", 1, (4, 5), (3,)),
    ("Broadband Retention", "Customers out of contract, save desk", "Predictive", 1, (6, 7), (4,)),
    ("Charity Regular Giving", "Upgrade and reactivation of regular givers", "Predictive", 1, (8, 9), (5,)),
    ("Solar Appointment Setting", "Home surveys for the installers", "Preview", 1, (10,), (2,)),
    ("Debt Resolution", "Early arrears, paused until letters have gone out", "Progressive", 2, (11, 12), (6,)),
    ("Customer Satisfaction Survey", "Automated survey after service visits", "IVR", 1, (13,), ()),
    ("Inbound Service Line", "Service and complaints", "Inbound", 1, (14,), (7,)),
    ("Callback Desk", "Promised callbacks of all teams", "Preview", 1, (15,), (7, 8)),
    ("Water Efficiency Outreach", "Free meter surveys, starts with the new quarter", "Predictive", 0, (16,), (1,)),
    ("Home Insurance Messaging", "Webchat and messaging", "Interaction", 1, (), (8,)),
    ("Winter Warm Home Trial", "Trial of last winter, closed", "Predictive", 3, (17,), ()),
)

# Name, description, list type, fetch weight, number of leads
LISTS = (
    ("Energy - website enquiries", "Comparison site, hourly", 0, 10, 320),
    ("Energy - partner leads", "Bought leads, weekly file", 0, 7, 280),
    ("Energy - lapsed quotes", "Quoted but not switched", 0, 4, 240),
    ("Boiler renewals - this month", "Policies ending this month", 0, 9, 210),
    ("Boiler renewals - next month", "Policies ending next month", 0, 5, 190),
    ("Broadband - out of contract", "From billing, monthly", 0, 8, 260),
    ("Broadband - price rise", "Written to in the spring", 0, 6, 180),
    ("Giving - upgrade", "Regular givers over 12 months", 0, 6, 170),
    ("Giving - reactivation", "Stopped within two years", 0, 3, 160),
    ("Solar - survey requests", "Form on the website", 1, 10, 120),
    ("Arrears - 30 days", "First reminder sent", 0, 5, 140),
    ("Arrears - 60 days", "Second reminder sent", 0, 4, 110),
    ("Survey - July visits", "Engineers' visits of July", 0, 5, 150),
    ("Inbound - service", "Callers recognised by number", 2, 5, 90),
    ("Callbacks - all teams", "Moved here by hand", 1, 10, 60),
    ("Water - pilot postcodes", "Three pilot areas", 0, 2, 130),
    ("Warm Home - trial", "Closed trial", 0, 0, 80),
    ("Holding list", "Leads waiting for a decision", 0, 0, 70),
    ("Data test", "For trying out imports", 0, 1, 20),
    ("Archive 2024", "Kept for reporting only", 0, 0, 60),
)

# Name, callbacks a day, hours a day
TEAMS = (
    ("Energy Days", 30, 7.5),
    ("Energy Evenings", 20, 5.0),
    ("Home Cover", 25, 7.5),
    ("Retention", 35, 7.5),
    ("Giving", 20, 6.0),
    ("Collections", 40, 7.5),
    ("Service Desk", 15, 8.0),
    ("Messaging", 10, 7.5),
)

SUPPORT = ("Max", "Support", "MaxSupport")

FIRST_NAMES = (
    "Aisha", "Ben", "Carys", "Daniel", "Emily", "Farah", "Gareth", "Hannah", "Imran", "Jodie",
    "Kieran", "Lucy", "Mohammed", "Niamh", "Oliver", "Priya", "Rhys", "Sophie", "Tom", "Uzma",
    "Victoria", "Will", "Yasmin", "Zara", "Callum", "Deepa", "Ewan", "Grace", "Harry", "Isla",
)  # fmt: skip
LAST_NAMES = (
    "Ahmed", "Bailey", "Campbell", "Davies", "Edwards", "Fraser", "Griffiths", "Hughes", "Iqbal", "Jones",
    "Kaur", "Lewis", "Morgan", "Nolan", "Owen", "Patel", "Quinn", "Roberts", "Shah", "Taylor",
    "Underwood", "Vaughan", "Walker", "Young", "Barker", "Clarke", "Doyle", "Ellis", "Foster",
)  # fmt: skip
