package provider

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"plantroom"
)

// The schemes of signatures that have to be computed, each by its name in
// templates: aliyun-acs3.

// signACS3 signs a request as Alibaba Cloud's signature method V3 has it
// (ACS3-HMAC-SHA256): over method, path, query, the signed headers and the hash
// of the body. The query is in the order of its names already. The nonce has to
// be new for each request.
func signACS3(req *http.Request, body []byte, id, key string, now plantroom.Instant, nonce string) {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	req.Header.Set("X-Acs-Content-Sha256", hash)
	req.Header.Set("X-Acs-Date", now.Time().UTC().Format(time.RFC3339))
	req.Header.Set("X-Acs-Signature-Nonce", nonce)
	signed := map[string]string{"host": req.URL.Host}
	for name := range req.Header {
		if n := strings.ToLower(name); strings.HasPrefix(n, "x-acs-") || n == "content-type" {
			signed[n] = strings.TrimSpace(req.Header.Get(name))
		}
	}
	names := sorted(signed)
	var lines strings.Builder
	for _, n := range names {
		lines.WriteString(n + ":" + signed[n] + "\n")
	}
	list := strings.Join(names, ";")
	canonical := strings.Join([]string{req.Method, req.URL.EscapedPath(), req.URL.RawQuery, lines.String(), list, hash}, "\n")
	sum = sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + hex.EncodeToString(sum[:])))
	req.Header.Set("Authorization", "ACS3-HMAC-SHA256 "+strings.Join(slices.Concat([]string{
		"Credential=" + id, "SignedHeaders=" + list, "Signature=" + hex.EncodeToString(mac.Sum(nil))}), ","))
}
