"""Azure Functions, programming model v2: the host checks the function key before this runs."""

import azure.functions as func

from kyc import answer

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route(route="kyc", methods=["POST"])
def kyc(request: func.HttpRequest) -> func.HttpResponse:
    status, body = answer(request.get_body().decode("utf-8"))
    return func.HttpResponse(body, status_code=status)
