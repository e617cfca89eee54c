package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"plantroom/dashboards/datasource/launch"
	"plantroom/dashboards/datasource/pkg/plugin"
)

// maxBody is how much is read of a request.
const maxBody = 2 << 20

// source is the data source that there is.
type source struct{ UID, URL, Public, Token string }

// host answers for one data source of one plugin.
type host struct {
	plugin *launch.Program
	source source
	live   *channels
}

func newHost(p *launch.Program, s source) *host {
	h := &host{plugin: p, source: s}
	h.live = &channels{start: h.runStream}
	return h
}

// context is what Grafana tells the plugin with every call.
func (h *host) context() *pluginv2.PluginContext {
	settings, err := json.Marshal(map[string]string{"publicUrl": h.source.Public})
	if err != nil { // texts can always be written
		settings = nil
	}
	return &pluginv2.PluginContext{OrgId: 1, PluginId: plugin.ID, DataSourceInstanceSettings: &pluginv2.DataSourceInstanceSettings{
		Uid: h.source.UID, Name: "Plantroom", Url: h.source.URL, JsonData: settings, LastUpdatedMS: 1,
		DecryptedSecureJsonData: map[string]string{"token": h.source.Token}}}
}

func (h *host) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/ds/query", h.query)
	mux.HandleFunc("GET /api/datasources/uid/{uid}/health", h.ours(h.health))
	mux.HandleFunc("GET /api/datasources/uid/{uid}/resources/{path...}", h.ours(h.resource))
	mux.HandleFunc("POST /api/datasources/uid/{uid}/resources/{path...}", h.ours(h.resource))
	mux.HandleFunc("GET /api/live/ds/{uid}/{path...}", h.ours(h.stream))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !local(r.Host) { // a page of somebody's that had its name lead to loopback
			refuse(w, http.StatusForbidden, "this is for programs of this machine: name it by 127.0.0.1")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		mux.ServeHTTP(w, r)
	})
}

// local reports whether a request names this machine.
func local(name string) bool {
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// ours lets through what is asked of the data source that there is.
func (h *host) ours(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if uid := r.PathValue("uid"); uid != h.source.UID {
			refuse(w, http.StatusNotFound, fmt.Sprintf("there is no data source with the uid %q, but %q", uid, h.source.UID))
			return
		}
		next(w, r)
	}
}

func (h *host) health(w http.ResponseWriter, r *http.Request) {
	res, err := h.plugin.Health.CheckHealth(r.Context(), &pluginv2.CheckHealthRequest{PluginContext: h.context()})
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the plugin does not answer: "+err.Error())
		return
	}
	status := http.StatusOK
	if res.Status != pluginv2.CheckHealthResponse_OK {
		status = http.StatusBadRequest
	}
	answer := map[string]any{"status": res.Status.String(), "message": res.Message}
	if json.Valid(res.JsonDetails) {
		answer["details"] = json.RawMessage(res.JsonDetails)
	}
	reply(w, status, answer)
}

// resource hands a call to the plugin and its answer back, in as many parts as
// it comes in.
func (h *host) resource(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, err.Error())
		return
	}
	call := &pluginv2.CallResourceRequest{PluginContext: h.context(), Method: r.Method, Path: r.PathValue("path"), Url: r.PathValue("path"), Body: body,
		Headers: map[string]*pluginv2.StringList{}}
	if r.URL.RawQuery != "" {
		call.Url += "?" + r.URL.RawQuery
	}
	for _, name := range []string{"Accept", "Content-Type"} {
		if v := r.Header.Values(name); len(v) > 0 {
			call.Headers[name] = &pluginv2.StringList{Values: v}
		}
	}
	parts, err := h.plugin.Resources.CallResource(r.Context(), call)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the plugin does not answer: "+err.Error())
		return
	}
	for first := true; ; first = false {
		part, err := parts.Recv()
		switch {
		case err == io.EOF:
			return
		case err != nil && first:
			refuse(w, http.StatusInternalServerError, "the plugin does not answer: "+err.Error())
			return
		case err != nil:
			panic(http.ErrAbortHandler) // so that the client sees that there is more
		}
		if first {
			for name, list := range part.Headers {
				for _, v := range list.Values {
					w.Header().Add(name, v)
				}
			}
			w.WriteHeader(int(part.Code))
		}
		_, _ = w.Write(part.Body) // whoever asked has gone: the context ends the call
	}
}

// refuse answers as Grafana does with what went wrong.
func refuse(w http.ResponseWriter, status int, text string) {
	reply(w, status, map[string]string{"message": text})
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"message":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // whoever asked has gone
}
