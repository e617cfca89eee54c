package provider

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"plantroom"
)

// The example in Alibaba Cloud's documents of signature method V3.
func TestASignatureIsTheOneInAlibabaCloudsDocuments(t *testing.T) {
	req, err := http.NewRequest(http.MethodPost, "https://ecs.cn-shanghai.aliyuncs.com/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Acs-Action", "RunInstances")
	req.Header.Set("X-Acs-Version", "2014-05-26")
	now := plantroom.At(time.Date(2023, 10, 26, 10, 22, 32, 0, time.UTC))
	signACS3(req, nil, "YourAccessKeyId", "YourAccessKeySecret", now, "3156853299f313e23d1673dc12e1703d")
	want := "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
	if got := req.Header.Get("Authorization"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestACodeIsFourDigitsThatACallerCanSay(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		c := randomCode()
		if len(c) != 4 || c[0] == '0' {
			t.Fatalf("%q", c)
		}
		seen[c] = true
	}
	if len(seen) < 150 {
		t.Errorf("only %d codes of 200 differ", len(seen))
	}
}

// Whatever a provider answers, it is judged without a panic, and nothing but
// the described answer is success.
func FuzzJudge(f *testing.F) {
	for _, s := range []string{`{"result":"answered","digits":"4711"}`, `{"digits":4711}`, `[]`, `{"result":{"a":1}}`, `null`, `{"result":"answered","digits":"4711"}x`} {
		f.Add(200, s)
	}
	src, err := Example("voice")
	if err != nil {
		f.Fatal(err)
	}
	t, err := Parse("voice.yaml", src)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(tt *testing.T, status int, body string) {
		if t.judge(status, []byte(body), "4711", "+8613900001234") != nil {
			return
		}
		v := read([]byte(body))
		digits, _ := pointer{"digits"}.get(v)
		result, _ := pointer{"result"}.get(v)
		if status != 200 || result != "answered" || digits != "4711" && digits != any(json.Number("4711")) {
			tt.Fatalf("%d %q counts as taken", status, body)
		}
	})
}
