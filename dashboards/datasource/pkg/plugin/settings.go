package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"plantroom/dashboards/datasource/pkg/answer"
	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/query"
)

// options are the settings of a data source that are no secret and that the
// SDK does not read itself.
type options struct {
	PublicURL string `json:"publicUrl"` // where browsers reach Plantroom; "": at the data source's own URL
}

// tokenKey is the name of the token among the secrets.
const tokenKey = "token"

// desk makes what questions are asked with out of a data source's settings.
func desk(ctx context.Context, s backend.DataSourceInstanceSettings) (_ answer.Desk, err error) {
	defer func() { // the SDK takes settings of an unexpected type badly
		if r := recover(); r != nil {
			backend.Logger.FromContext(ctx).Error("settings cannot be read", "uid", s.UID, "reason", fmt.Sprint(r))
			err = &query.Error{Text: "the data source's settings cannot be read: open them, correct them and save them again"}
		}
	}()
	var o options
	if len(s.JSONData) > 0 {
		if err := json.Unmarshal(s.JSONData, &o); err != nil {
			return answer.Desk{}, &query.Error{Text: "the data source's settings cannot be read: open them, correct them and save them again"}
		}
	}
	web, err := s.HTTPClientOptions(ctx)
	if err != nil {
		return answer.Desk{}, &query.Error{Text: "the data source's settings for headers, TLS or proxy cannot be read: open them and save them again"}
	}
	client, err := api.New(api.Options{URL: s.URL, Token: strings.TrimSpace(s.DecryptedSecureJSONData[tokenKey]), HTTP: web})
	if err != nil {
		return answer.Desk{}, err
	}
	d := answer.Desk{API: client, Public: client.Address()}
	if o.PublicURL != "" {
		u, err := api.ParseURL(o.PublicURL)
		if err != nil {
			return answer.Desk{}, &query.Error{Text: "the public URL of Plantroom cannot be used: enter where browsers reach it, as https://plantroom.example, or leave it empty"}
		}
		d.Public = u.String()
	}
	return d, nil
}
