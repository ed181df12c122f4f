// Command aws is the program of AWS Lambda: build it as "bootstrap" for the runtime provided.al2023.
package main

import (
	"context"

	"example.com/kyc"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	// The name of an error's type is told to QuantumStream: RetryLater is tried again.
	lambda.Start(func(_ context.Context, event kyc.Event) (kyc.Decision, error) {
		return kyc.Decide(event)
	})
}
