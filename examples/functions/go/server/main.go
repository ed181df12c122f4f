// Command server takes signed calls by plain HTTP, and those of the Azure host as a custom handler.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"example.com/kyc"
)

const (
	mostBytes = 1 << 20
	tolerance = 5 * time.Minute
)

// isSigned says whether a call is signed, by Standard Webhooks.
func isSigned(secret []byte, header http.Header, body []byte) bool {
	seconds, err := strconv.ParseInt(header.Get("webhook-timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(header.Get("webhook-id") + "." + header.Get("webhook-timestamp") + "."))
	mac.Write(body)
	right := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for _, one := range strings.Split(header.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(one), right) {
			return true
		}
	}
	return false
}

func main() {
	// Behind the Azure host the function key is checked there, and only the host reaches this port.
	port, isAzure := os.LookupEnv("FUNCTIONS_CUSTOMHANDLER_PORT")
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("SECRET"), "whsec_"))
	if !isAzure && (err != nil || len(secret) < 24) {
		log.Fatal("SECRET is base64 of 24 bytes at least")
	}
	if !isAzure {
		if port = os.Getenv("PORT"); port == "" {
			port = "8080"
		}
	}
	http.HandleFunc("POST /api/kyc", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBytes))
		if err != nil {
			http.Error(w, "too long", http.StatusRequestEntityTooLarge)
			return
		}
		if !isAzure && !isSigned(secret, r.Header, body) {
			http.Error(w, "not signed", http.StatusUnauthorized)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		kyc.Answer(w, r)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, nil))
}
