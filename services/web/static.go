package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed static templates
var files embed.FS

// static serves a file of ours. The pages name it with its digest, so that a
// browser may keep it for ever and sees a new one at once.
func static(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	b, err := fs.ReadFile(files, "static/"+name) // refuses a name that leads elsewhere
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == fingerprint(b) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
}

func fingerprint(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}

// parseTemplates makes the set of one language: {{t "key"}} says a sentence,
// {{file "app.css"}} is the address of a static file.
func parseTemplates(lang string) (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{
		"t": func(key string, args ...any) string { return translate(lang, key, args...) },
		"file": func(name string) (string, error) {
			b, err := fs.ReadFile(files, path.Join("static", name))
			return "/static/" + name + "?v=" + fingerprint(b), err
		},
	}).ParseFS(files, "templates/*.html")
}
