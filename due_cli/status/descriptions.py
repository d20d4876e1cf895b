"""Short descriptions of the facts, record statuses and bounce types of a message.

Sources: the message status blog's tables; SES developer guide, "Contents of event data" (bounce types); End User
Messaging SMS user guide, "Event types".
"""

from __future__ import annotations

FACTS = {
    "send": "accepted for sending",
    "delivered": "accepted by the recipient's mail server",
    "rejected": "rejected: malware detected",
    "hardbounce": "hard bounce: permanent failure, not retried",
    "softbounce": "soft bounce: temporary failure",
    "complaint": "the recipient reported it as spam",
    "open": "opened by the recipient",
    "click": "a link in it was clicked",
    "unsubscribe": "the recipient unsubscribed",
    "rendering_failure": "not sent: template data is missing or does not match",
    "delivery_delay": "delayed by a temporary issue; SES is still retrying",
    "success": "accepted by the carrier or delivered",
    "buffered": "on its way",
    "failure": "not delivered",
    "optout": "the recipient answered with an opt-out keyword",
    "read": "read by the recipient",
    "initiated": "the call was requested",
    "ringing": "the phone rang",
    "answered": "the call was answered",
    "completed": "the message was played; perhaps to a voicemail box",
    "busy": "the line was busy",
    "no_answer": "nobody answered",
    "failed": "failed",
    "ttl_expired": "not delivered within its time to live",
    "spam": "classified as spam by the carrier",
    "protect_blocked": "blocked by a rule of your protect configuration",
    "accepted": "accepted for sending",
    "sent": "in transit",
    "deleted": "deleted by the customer",
    "warning": "contains an item that is not available",
}

RECORD_STATUSES = {
    "SUCCESSFUL": "accepted by the carrier",
    "DELIVERED": "delivered",
    "PENDING": "not delivered yet",
    "QUEUED": "queued, not delivered yet",
    "ACCEPTED": "accepted for sending",
    "SENT": "in transit",
    "READ": "read by the recipient",
    "INVALID": "the destination phone number is not valid",
    "UNREACHABLE": "the recipient's device is unreachable",
    "UNKNOWN": "an error prevented delivery, or no receipt came within 72 hours",
    "BLOCKED": "the recipient's device blocks SMS messages",
    "CARRIER_UNREACHABLE": "an issue with the recipient's carrier prevented delivery",
    "SPAM": "the carrier classified the message as spam",
    "INVALID_MESSAGE": "the message body is not valid",
    "CARRIER_BLOCKED": "the recipient's carrier blocked the message",
    "TTL_EXPIRED": "not delivered within its time to live",
    "PROTECT_BLOCKED": "blocked by a rule of your protect configuration",
    "FAILED": "delivery failed",
    "UNROUTABLE": "no route to the destination",
    "MAX_PRICE_EXCEEDED": "sending it would have exceeded the spending quota or its maximum price",
    "OPTED_OUT": "the recipient opted out of messages from you",
    "NO_QUOTA_LEFT_ON_ACCOUNT": "the account's spending quota is used up",
    "NO_ORIGINATION_IDENTITY_AVAILABLE_TO_SEND": "no origination identity of yours can send to this destination",
    "DESTINATION_COUNTRY_NOT_SUPPORTED": "the destination country is blocked or not supported",
    "ACCOUNT_IN_SANDBOX": "the account is in the sandbox and sends to verified numbers only",
    "RATE_EXCEEDED": "messages were sent faster than the quota allows",
    "INVALID_ORIGINATION_IDENTITY": "the origination identity is not valid",
    "ORIGINATION_IDENTITY_DOES_NOT_EXIST": "the origination identity does not exist",
    "INVALID_DLT_PARAMETERS": "the DLT parameters (India) are not valid",
    "INVALID_PARAMETERS": "the parameters are not valid",
    "ACCESS_DENIED": "the account may not send messages",
    "INVALID_KEYWORD": "the keyword is not valid",
    "INVALID_SENDER_ID": "the sender id is not valid",
    "INVALID_POOL_ID": "the pool id is not valid",
    "SENDER_ID_NOT_SUPPORTED_FOR_DESTINATION": "the destination does not support sender ids",
    "INVALID_PHONE_NUMBER": "the origination phone number is not valid",
    "FILE_TYPE_UNSUPPORTED": "the media file's type is not supported",
    "FILE_SIZE_EXCEEDED": "the media file is larger than 600 KB",
    "FILE_INACCESSIBLE": "the media file cannot be read",
}

BOUNCE_SUB_TYPES = {
    "Permanent/General": "permanently rejected by the recipient's mail server",
    "Permanent/NoEmail": "the address could not be extracted from the bounce message",
    "Permanent/Suppressed": "the address is on SES's suppression list: it bounced before",
    "Permanent/OnAccountSuppressionList": "the address is on your account's suppression list; not counted as a bounce",
    "Permanent/OnTenantSuppressionList": "the address is on the tenant's suppression list; not counted as a bounce",
    "Permanent/EmailValidationSuppressed": "suppressed by email validation",
    "Permanent/UnsubscribedRecipient": "the recipient had unsubscribed",
    "Transient/General": "a temporary failure, or an out-of-office answer",
    "Transient/MailboxFull": "the recipient's mailbox is full",
    "Transient/MessageTooLarge": "the message is too large for the recipient's mail server",
    "Transient/CustomTimeoutExceeded": "not delivered within the time you set",
    "Transient/ContentRejected": "the recipient's mail server rejected the content",
    "Transient/AttachmentRejected": "the recipient's mail server rejected an attachment",
    "Undetermined/Undetermined": "the recipient's mail server sent a bounce that SES could not read",
}


def bounce(kind: str) -> str:
    """``Permanent/NoEmail: …`` for a bounce type and sub-type."""
    description = BOUNCE_SUB_TYPES.get(kind)
    return f"{kind}: {description}" if description else kind


def record_status(status: str) -> str:
    """``CARRIER_BLOCKED: …`` for a record status of an SMS message."""
    description = RECORD_STATUSES.get(status)
    return f"{status}: {description}" if description else status
