module example.com/kyc

go 1.24

require (
	github.com/GoogleCloudPlatform/functions-framework-go v1.9.0
	github.com/aws/aws-lambda-go v1.49.0
)
