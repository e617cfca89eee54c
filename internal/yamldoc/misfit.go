package yamldoc

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

var (
	textual = reflect.TypeFor[encoding.TextUnmarshaler]()
	byJSON  = reflect.TypeFor[json.Unmarshaler]()
)

// misfits notes each value that agrees with the schema and does not fit the Go
// type that it is for: a size or a duration beyond all bounds. encoding/json
// stops at the first and does not say where it stood.
func (d *Doc) misfits(t reflect.Type, v any, path string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	p := reflect.PointerTo(t)
	switch {
	case v == nil:
	case p.Implements(textual) || p.Implements(byJSON):
		d.misfit(t, v, path)
	case t.Kind() == reflect.Struct:
		if m, ok := v.(map[string]any); ok {
			d.misfitFields(t, m, path)
		}
	case t.Kind() == reflect.Map:
		if m, ok := v.(map[string]any); ok {
			for _, key := range keys(m) {
				d.misfits(t.Elem(), m[key], path+"/"+Escape(key))
			}
		}
	case t.Kind() == reflect.Slice:
		list, _ := v.([]any)
		for i, e := range list {
			d.misfits(t.Elem(), e, fmt.Sprintf("%s/%d", path, i))
		}
	default:
		d.misfit(t, v, path)
	}
}

func (d *Doc) misfitFields(t reflect.Type, m map[string]any, path string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			d.misfits(f.Type, m, path)
		} else if v, ok := m[name]; ok && f.IsExported() {
			d.misfits(f.Type, v, path+"/"+Escape(name))
		}
	}
}

// misfit notes a value that cannot be decoded by itself.
func (d *Doc) misfit(t reflect.Type, v any, path string) {
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, reflect.New(t).Interface())
	}
	if err == nil {
		return
	}
	problem, remedy, hinted := strings.Cut(err.Error(), "; ") // as plantroom.Error has it
	if errors.As(err, new(*json.UnmarshalTypeError)) {
		problem, hinted = show(v)+" is out of range", false
	}
	if !hinted {
		remedy = "give a value that is within bounds"
	}
	d.note(path, d.Fault(path, problem, remedy))
}
