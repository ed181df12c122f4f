"""Google Cloud Functions: entry point "kyc", by functions-framework; Google checks the ID token before this runs."""

import functions_framework

from kyc import answer


@functions_framework.http
def kyc(request):
    status, body = answer(request.get_data(as_text=True))
    return body, status
