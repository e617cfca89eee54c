package answer

import (
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/legend"
)

// look changes how a column is shown.
type look func(*data.FieldConfig)

// column makes a column out of one value of each row.
func column[T, V any](name string, rows []T, value func(*T) V, looks ...look) *data.Field {
	list := make([]V, len(rows))
	for i := range rows {
		list[i] = value(&rows[i])
	}
	return styled(data.NewField(name, nil, list), looks...)
}

func styled(f *data.Field, looks ...look) *data.Field {
	if len(looks) > 0 {
		c := &data.FieldConfig{}
		for _, l := range looks {
			l(c)
		}
		f.Config = c
	}
	return f
}

func named(title string) look { return func(c *data.FieldConfig) { c.DisplayNameFromDS = title } }
func unit(id string) look     { return func(c *data.FieldConfig) { c.Unit = id } }

// share is a part of one, shown in percent.
func share(c *data.FieldConfig) {
	c.Unit = "percentunit"
	c.SetMin(0)
	c.SetMax(1)
	c.SetDecimals(1)
}

// usedPart is the used part of a window: 1 is all of it, and it may be more.
func usedPart(c *data.FieldConfig) {
	c.Unit = "percentunit"
	c.SetMin(0)
	c.SetDecimals(0)
	c.Thresholds = legend.Thresholds()
	// By its last value, which is the default, a line that ended would be green
	// however late it was: beside longer lines it ends with nothing.
	c.Color = map[string]any{"mode": "thresholds", "seriesBy": "max"}
}

// means gives values their words and colours.
func means(list []legend.Meaning) look {
	return func(c *data.FieldConfig) { c.Mappings = legend.Mappings(list) }
}

// hidden keeps a column out of tables: links use it.
func hidden(c *data.FieldConfig) {
	c.Custom = map[string]any{"hidden": true, "hideFrom": map[string]any{"viz": true}}
}

// link leads to a page of Plantroom. The path may name fields of the row.
func (d Desk) link(title, path string) look {
	return func(c *data.FieldConfig) {
		c.Links = append(c.Links, data.DataLink{Title: title, URL: d.Public + path, TargetBlank: true})
	}
}

// The pages that rows lead to. Grafana puts the row's values in.
const (
	toHref  = "${__data.fields.href}"
	toAsset = "/assets/${__data.fields.asset}"
	toOrder = "/orders/${__data.fields.order}"
)

// frame makes a frame of a type that Grafana knows.
func frame(name string, kind data.FrameType, fields ...*data.Field) *data.Frame {
	f := data.NewFrame(name, fields...)
	f.Meta = &data.FrameMeta{Type: kind, TypeVersion: data.FrameTypeVersion{0, 1}}
	if kind == data.FrameTypeTable {
		f.Meta.PreferredVisualization = data.VisTypeTable
	}
	return f
}

// number is the frame of a single figure, as alerts want it.
func number(name, field string, n int64) data.Frames {
	return data.Frames{frame(name, data.FrameTypeNumericWide, styled(data.NewField(field, nil, []int64{n})))}
}

// chosen is one measure with the columns that say whose it is.
func chosen(name string, whose []*data.Field, numbers []*data.Field, measure string) *data.Frame {
	for _, n := range numbers {
		if n.Name == measure {
			numbers = []*data.Field{n}
			break
		}
	}
	return frame(name, data.FrameTypeNumericLong, append(whose, numbers...)...)
}
