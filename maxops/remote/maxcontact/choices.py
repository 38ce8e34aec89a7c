"""The code lists of both MaxContact documents, labels as the documents write them.

Management API 1.3, appendices 1-5; Lead Management API: scopes, final codes, phone types, error ids and severities.
"""

from django.db.models import IntegerChoices


class CampaignType(IntegerChoices):
    PREDICTIVE = 0, "Predictive"
    PROGRESSIVE = 1, "Progressive"
    PREVIEW = 2, "Preview"
    IVR = 3, "IVR"
    BRIDGE = 4, "Bridge"
    PING = 5, "Ping"
    INBOUND = 6, "Inbound"
    COACH = 7, "Coach"
    INTERACTION = 8, "Interaction"


class CampaignStatus(IntegerChoices):
    NOT_RUNNING = 0, "Not Running"
    RUNNING = 1, "Running"
    PAUSED = 2, "Paused"
    FLUSHED = 3, "Flushed"


class ZipTone(IntegerChoices):
    BEEP = 0, "Beep"
    WAV_FILE = 1, "Wav File"
    NONE = 2, "None"


class ZipToneBeep(IntegerChoices):
    HIGH = 0, "High"
    LOW = 1, "Low"
    HI_LO = 2, "HiLo"
    LO_HI = 3, "LoHi"
    HI_LO_HI = 4, "HiLoHi"
    LO_HI_LO = 5, "LoHiLo"
    TWINKLE = 6, "Twinkle"
    BEETHOVEN = 7, "Beethoven"
    BINGO = 8, "Bingo"
    OLD_MACDONALD = 9, "OldMacDonald"
    MARY = 10, "Mary"


class ListType(IntegerChoices):
    FOLLOW_CAMPAIGN = 0, "Follow Campaign"
    PREVIEW = 1, "Preview"
    ACD = 2, "Acd"


class DeactivationScope(IntegerChoices):
    """Which of the leads found are made ineligible; the member names are the document's names."""

    ALL = 0, "All leads found"
    KEEP_NEWEST = 1, "All but the newest"
    OVER_6M_OLD = 2, "Only those over 6 months old"
    OVER_12M_OLD = 3, "Only those over 12 months old"


class FinalCode(IntegerChoices):
    ELIGIBLE = 0, "Eligible to dial"
    FINAL_RESULT = 1, "Final result (inactive)"
    DO_NOT_CALL = 2, "Do not call"


class PhoneType(IntegerChoices):
    HOME = 0, "Home"
    WORK = 1, "Work"
    MOBILE = 2, "Mobile"


class ErrorId(IntegerChoices):
    """Note that NotAuth is 0: compare explicitly, never by truth."""

    NOT_AUTH = 0, "NotAuth"
    GENERAL_INFO = 1, "GeneralInfo"
    GENERAL_WARNING = 2, "GeneralWarning"
    GENERAL_ERROR = 3, "GeneralError"
    FILE_MISSING = 4, "FileMissing"
    FILE_TOO_LARGE = 5, "FileTooLarge"
    FILE_WRITE_ERROR = 6, "FileWriteError"
    COMMS_ERROR = 7, "CommsError"
    DB_ERROR = 8, "DBError"
    NO_MAP_MATCH = 9, "NoMapMatch"
    NO_MAP_FOUND = 10, "NoMapFound"
    INVALID_LEAD = 11, "InvalidLead"
    INVALID_LEAD_ID = 12, "InvalidLeadId"
    PHONE_NUMBER_NOT_FOUND = 13, "PhoneNumberNotFound"


class ErrorSeverity(IntegerChoices):
    NONE = 0, "None"
    INFO = 1, "Info"
    WARNING = 2, "Warning"
    SEVERE = 3, "Severe"
