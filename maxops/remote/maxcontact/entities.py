"""What the Management API 1.3 can hold: fields in the document's order, then the entity's own verbs, then its links.

Attribute names are the column names of the models; wire names live here and nowhere above.
"""

from maxops.remote.fields import Entity, Field, Link, Verb
from maxops.remote.kinds import DECIMAL, FLAG, INT, SECRET, TEXT, WHEN, choice, choice_name
from maxops.remote.maxcontact.choices import CampaignStatus, CampaignType, ListType, ZipTone, ZipToneBeep

ACTIVE = Field("active", "Active", FLAG)

# Ids the API takes and shows but cannot list: people name them in registers of our own. SKILL stands in no entity.
SKILL = "skill"
REGISTERS = {
    SKILL: "Skill",
    "role": "Role",
    "agent_capacity_plan": "Agent capacity plan",
    "answer_machine_plan": "Answer machine plan",
    "calling_time_plan": "Calling time plan",
    "do_not_call_plan": "Do-not-call plan",
    "ivr_plan": "IVR plan",
    "phone_type": "Phone type",
    "recall_plan": "Recall plan",
    "result_code_plan": "Result code plan",
    "schedule_plan": "Schedule plan",
    "script": "Script",
    "script_provider": "Script provider",
    "tele_param_plan": "Telephony parameter plan",
    "well_being_deck": "Well-being deck",
}
PROFICIENCY = (1, 10)  # "Associate Skills with Users": valid values range from one to ten

CAMPAIGN = Entity(
    "Campaign",
    "campaign",
    "campaigns",
    fields=(
        Field("id", "Id", INT),
        Field("name", "CampaignName", TEXT, required=True),
        Field("active", "Active", FLAG),
        Field("description", "Description", TEXT),
        Field("caller_id", "CallerId", TEXT),
        Field("type", "Type", choice(CampaignType)),
        Field("max_lines", "MaxLines", INT),
        Field("degrade_to_progressive", "DegradeToProgressive", FLAG),
        Field("progressive_threshold", "ProgressiveThreshold", INT),
        Field("target_drop_percent", "TargetDropPercent", DECIMAL),
        Field("is_blended", "IsBlended", FLAG),
        Field("auto_record", "AutoRecord", FLAG),
        Field("default_list_id", "DefaultListId", INT),
        Field("hours_per_working_day", "HoursPerWorkingDay", DECIMAL),
        Field("default_phone_type", "DefaultPhoneType", INT, names="phone_type"),
        Field("tele_param_plan_id", "TeleParamPlanId", INT, names="tele_param_plan"),
        Field("schedule_plan_id", "SchedulePlanId", INT, names="schedule_plan"),
        Field("zip_tone", "ZipTone", choice(ZipTone)),
        Field("zip_tone_beep", "ZipToneBeep", choice(ZipToneBeep)),
        Field("zip_tone_wav", "ZipToneWav", TEXT),
        Field("not_ready_wait_time", "NotReadyWaitTime", INT),
        Field("status", "Status", choice(CampaignStatus)),
    ),
    verbs=(
        Verb("set_active", "PATCH", "activityStatus", ACTIVE, "Set active or inactive"),
        # The entity carries Status and Type as numbers; these two bodies want the name (docs/quirks.md).
        Verb(
            "set_status",
            "PATCH",
            "status",
            Field("status", "CampaignStatus", choice_name(CampaignStatus)),
            "Set status",
            # Sent again after a silence, it might start a campaign that somebody has stopped meanwhile.
            repeats=False,
        ),
        Verb(
            "set_type", "PATCH", "type", Field("type", "CampaignType", choice_name(CampaignType)), "Set dialling type"
        ),
    ),
    links=(Link("lists", "lists", "ListId"), Link("teams", "teams", "TeamId")),
)

LIST = Entity(
    "List",
    "list",
    "lists",
    fields=(
        Field("id", "Id", INT),
        Field("name", "ListName", TEXT, required=True),
        Field("description", "Description", TEXT),
        Field("list_type", "ListType", choice(ListType)),
        Field("caller_id_enabled", "CallerIdEnabled", FLAG),
        Field("caller_id", "CallerId", TEXT),
        Field("max_callback_days", "MaxCallbackDays", INT),
        Field("use_max_callback_days", "UseMaxCallbackDays", FLAG, optional_on_put=True),
        Field("max_callback_date", "MaxCallbackDate", WHEN),
        Field("fetch_weight", "FetchWeight", INT),
        Field("alerts_enabled", "AlertsEnabled", FLAG),
        Field("scripting_enabled", "ScriptingEnabled", FLAG),
        Field("script_provider", "ScriptProvider", INT, names="script_provider"),
        Field("script_id", "ScriptId", INT, names="script"),
        Field("script", "Script", TEXT),
        Field("recall_plan_id", "RecallPlanId", INT, names="recall_plan"),
        Field("calling_time_plan_id", "CallingTimePlanId", INT, names="calling_time_plan"),
        Field("result_code_plan_id", "ResultCodePlanId", INT, names="result_code_plan"),
        Field("ivr_plan_id", "IvrPlanId", INT, names="ivr_plan"),
        Field("answer_machine_plan_id", "AnswerMachinePlanId", INT, names="answer_machine_plan"),
        Field("do_not_call_plan_id", "DoNotCallPlanId", INT, names="do_not_call_plan"),
        Field("schedule_plan_id", "SchedulePlanId", INT, names="schedule_plan"),
    ),
    verbs=(Verb("set_active", "PUT", "activitystatus", ACTIVE, "Set active or inactive"),),
)

TEAM = Entity(
    "Team",
    "team",
    "teams",
    fields=(
        Field("id", "Id", INT),
        Field("tenant_id", "TenantId", INT),
        Field("name", "TeamName", TEXT, required=True),
        Field("primary_supervisor_id", "PrimarySupervisorId", INT),
        Field("max_callbacks_per_day", "MaxCallbacksPerDay", INT),
        Field("service_time", "ServiceTime", INT),
        Field("hours_per_working_day", "HoursPerWorkingDay", DECIMAL),
        Field("well_being_deck_id", "WellBeingDeckId", INT, names="well_being_deck"),
    ),
    verbs=(Verb("set_active", "PUT", "activitystatus", ACTIVE, "Set active or inactive"),),
    links=(Link("users", "users", "UserId"),),
)

USER = Entity(
    "User",
    "user",
    "users",
    fields=(
        Field("id", "Id", INT),
        Field("first_name", "FirstName", TEXT),
        Field("last_name", "LastName", TEXT),
        Field("login", "Login", TEXT, required=True),
        Field("role_plan_id", "RolePlanId", INT, names="role"),
        Field("use_rtc", "UseRTC", FLAG),
        Field("extension", "Extension", TEXT),
        Field("auto_logon", "AutoLogon", INT),
        Field("team_id", "TeamId", INT),
        Field("agent_capacity_plan_id", "AgentCapacityPlanId", INT, names="agent_capacity_plan"),
        Field("sso_active", "SSOActive", FLAG),
        Field("password", "Password", SECRET, required=True, write_only=True),
    ),
    verbs=(Verb("set_active", "PATCH", "activitystatus", ACTIVE, "Set active or inactive"),),
)

ENTITIES = {"campaigns": CAMPAIGN, "lists": LIST, "teams": TEAM, "users": USER}
