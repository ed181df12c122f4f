"""The function itself, and what calls it at AWS Lambda ("kyc.handler") and over HTTP."""

import json
import re

LIMIT_WEI = 100 * 10**18


class RetryLater(Exception):
    """Asks to be called later, in each place."""


def kyc(payload, idempotency_key):
    """Decides whether a depositor may have tokens; the amount is in wei, as decimal text."""
    if payload.get("later"):
        raise RetryLater("the list of accounts is being renewed")
    account = payload["account"]
    if not re.fullmatch(r"0x[0-9a-f]{40}", account):
        raise ValueError(f'"{account}" is no account')
    if int(payload["amount"]) > LIMIT_WEI:
        return {"approved": False, "reason": "over the limit of 100 ether"}
    return {"approved": True, "reason": "within the limits"}


def handler(event, context):
    """AWS Lambda: the event is a CloudEvent; what is raised is told by the name of its class."""
    return kyc(event["data"], event["id"])


def answer(text):
    """A CloudEvent that came by HTTP gives a status and a body: 422 refuses, 503 asks to be called later."""
    try:
        event = json.loads(text)
        if event.get("type") != "quantumstream.function.invoke":
            return 400, "no call"
        return 200, json.dumps(kyc(event["data"], event["id"]))
    except RetryLater as error:
        return 503, str(error)
    except (KeyError, TypeError, ValueError) as error:
        return 422, str(error)
