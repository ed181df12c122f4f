// Package kyc is the function itself, and its entry point "Kyc" for Google Cloud Functions.
package kyc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"regexp"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
)

// RetryLater asks to be called later, in each place.
type RetryLater struct{ Reason string }

func (e *RetryLater) Error() string { return e.Reason }

// Payload of a call; the amount is in wei, as decimal text.
type Payload struct {
	Account string `json:"account"`
	Amount  string `json:"amount"`
	Later   bool   `json:"later"`
}

// Event is the CloudEvent that a call comes as; its id is the idempotency key.
type Event struct {
	ID   string  `json:"id"`
	Type string  `json:"type"`
	Data Payload `json:"data"`
}

// Decision is the result.
type Decision struct {
	Approved bool   `json:"approved"`
	Reason   string `json:"reason"`
}

var (
	account  = regexp.MustCompile(`^0x[0-9a-f]{40}$`)
	limitWei = new(big.Int).Exp(big.NewInt(10), big.NewInt(20), nil)
)

const mostBytes = 1 << 20

// Decide says whether a depositor may have tokens.
func Decide(event Event) (Decision, error) {
	if event.Data.Later {
		return Decision{}, &RetryLater{"the list of accounts is being renewed"}
	}
	if !account.MatchString(event.Data.Account) {
		return Decision{}, fmt.Errorf("%q is no account", event.Data.Account)
	}
	amount, ok := new(big.Int).SetString(event.Data.Amount, 10)
	if !ok {
		return Decision{}, fmt.Errorf("%q is no amount", event.Data.Amount)
	}
	if amount.Cmp(limitWei) > 0 {
		return Decision{false, "over the limit of 100 ether"}, nil
	}
	return Decision{true, "within the limits"}, nil
}

// Answer takes a CloudEvent by HTTP: 422 refuses, 503 asks to be called later.
func Answer(w http.ResponseWriter, r *http.Request) {
	var event Event
	body := io.LimitReader(r.Body, mostBytes)
	if err := json.NewDecoder(body).Decode(&event); err != nil || event.Type != "quantumstream.function.invoke" {
		http.Error(w, "no call", http.StatusBadRequest)
		return
	}
	decision, err := Decide(event)
	var later *RetryLater
	switch {
	case errors.As(err, &later):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case err != nil:
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
	default:
		w.Header().Set("content-type", "application/json")
		_ = json.NewEncoder(w).Encode(decision)
	}
}

func init() { functions.HTTP("Kyc", Answer) }
