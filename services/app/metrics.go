package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"plantroom"
	"plantroom/services/cases"
	"plantroom/services/ingest"
)

// metrics registers what /metrics shows.
func (s *Server) metrics() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		ingestMetrics{s}, channelMetrics{s}, caseMetrics{s},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "plantroom_broker_up", Help: "1 while gateways can reach us through the broker."},
			func() float64 { return truth(s.uplinks.check(context.Background()) == nil) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "plantroom_event_streams", Help: "Browsers and programs that follow the events."},
			func() float64 { return float64(s.hub.Clients()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "plantroom_history_up", Help: "0 while the history is being read after a start."},
			func() float64 { return truth(s.history.Stats().Ready) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "plantroom_history_orders", Help: "Orders that the history holds."},
			func() float64 { return float64(s.history.Stats().Orders) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "plantroom_history_incidents", Help: "Incidents that the history holds."},
			func() float64 { return float64(s.history.Stats().Incidents) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "plantroom_history_lag_seconds", Help: "How far answers about the past are behind the database."},
			func() float64 { return s.history.Stats().Lag.Seconds() }))
	return reg
}

// channelMetrics tell how the last tests of channels went. A channel that was
// not tested yet has none.
type channelMetrics struct{ server *Server }

var (
	channelPassed = storedGauge("channel_test_passed", "1 where the last test of a channel was taken, 0 where it failed.", "channel")
	channelTested = storedGauge("channel_test_timestamp_seconds", "When the last test of a channel was made that has an end.", "channel")
)

// storedGauge describes a number that is read from the store when it is asked for.
func storedGauge(name, help, label string) *prometheus.Desc {
	return prometheus.NewDesc("plantroom_"+name, help, []string{label}, nil)
}

// Describe implements prometheus.Collector.
func (channelMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- channelPassed
	out <- channelTested
}

// Collect implements prometheus.Collector.
func (m channelMetrics) Collect(out chan<- prometheus.Metric) {
	list, err := m.server.spine.Load().Rehearsed(context.Background(), m.server.now())
	if err != nil {
		return // the store is away, which other metrics say
	}
	for _, r := range list {
		if !r.At.IsZero() {
			out <- prometheus.MustNewConstMetric(channelPassed, prometheus.GaugeValue, truth(r.Passed), r.Channel)
			out <- prometheus.MustNewConstMetric(channelTested, prometheus.GaugeValue, float64(r.At)/1e9, r.Channel)
		}
	}
}

// caseMetrics tell how residents' cases stand. They name nobody.
type caseMetrics struct{ server *Server }

var (
	casesOpen    = storedGauge("cases_open", "Residents' cases that are open.", "kind")
	casesOverdue = storedGauge("cases_overdue", "Open residents' cases past the time for the whole of them.", "kind")
	stepsLate    = storedGauge("case_steps_late", "Steps of open residents' cases that nobody has ticked off by their time.", "kind")
)

// countedCases bounds what is read for a scrape; far above what an office has open.
const countedCases = 10_000

// Describe implements prometheus.Collector.
func (caseMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{casesOpen, casesOverdue, stepsLate} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m caseMetrics) Collect(out chan<- prometheus.Metric) {
	now := m.server.now()
	var open []plantroom.Case
	err := m.server.spine.Load().Store.View(context.Background(), func(tx plantroom.Tx) (err error) {
		open, err = tx.Cases(plantroom.CaseFilter{Open: true, Limit: countedCases})
		return err
	})
	if err != nil {
		return // the store is away, which other metrics say
	}
	count := map[*prometheus.Desc]map[plantroom.CaseKind]int{casesOpen: {}, casesOverdue: {}, stepsLate: {}}
	for i := range open {
		c := &open[i]
		count[casesOpen][c.Kind]++
		if !c.Deadline.At.IsZero() && c.Deadline.At < now {
			count[casesOverdue][c.Kind]++
		}
		_, late := cases.Ahead(c, now)
		count[stepsLate][c.Kind] += len(late)
	}
	for _, kind := range plantroom.CaseKinds() {
		for desc, of := range count {
			out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(of[kind]), string(kind))
		}
	}
}

// ingestMetrics reads ingest's counters when it is asked. A reload of the
// estate starts them at zero again, as a restart does.
type ingestMetrics struct{ server *Server }

// metric is one number of a snapshot.
type metric struct {
	desc   *prometheus.Desc
	kind   prometheus.ValueType
	labels []string // their values
	value  func(ingest.Snapshot) float64
}

// counted makes a counter.
func counted(name, help string, value func(ingest.Snapshot) int64) metric {
	return metric{desc: prometheus.NewDesc("plantroom_"+name, help, nil, nil), kind: prometheus.CounterValue,
		value: func(s ingest.Snapshot) float64 { return float64(value(s)) }}
}

// part is one value of a label.
type part struct {
	label string
	value func(ingest.Snapshot) int64
}

// partsOf makes one counter with a label that splits it.
func partsOf(name, help, label string, parts ...part) []metric {
	desc := prometheus.NewDesc("plantroom_"+name, help, []string{label}, nil)
	ms := make([]metric, len(parts))
	for n, p := range parts {
		ms[n] = metric{desc: desc, kind: prometheus.CounterValue, labels: []string{p.label},
			value: func(s ingest.Snapshot) float64 { return float64(p.value(s)) }}
	}
	return ms
}

// gauge makes a number that goes up and down.
func gauge(name, help string, value func(ingest.Snapshot) float64) metric {
	return metric{desc: prometheus.NewDesc("plantroom_"+name, help, nil, nil), kind: prometheus.GaugeValue, value: value}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// ingestList is what is counted between the broker and the acknowledgement.
func ingestList() []metric {
	list := []metric{
		counted("gateway_states_total", "Words of gateways, or of the broker, that they are there or gone.", func(s ingest.Snapshot) int64 { return s.States }),
		counted("records_total", "Records decoded, or found undecodable.", func(s ingest.Snapshot) int64 { return s.Records }),
		counted("records_lost_total", "Records in gaps that gateways declared.", func(s ingest.Snapshot) int64 { return s.Lost }),
		counted("gaps_total", "Gaps that gateways declared.", func(s ingest.Snapshot) int64 { return s.Gaps }),
		counted("readings_total", "Valid readings, without the derived ones.", func(s ingest.Snapshot) int64 { return s.Readings }),
		counted("readings_derived_total", "Readings that follow from others.", func(s ingest.Snapshot) int64 { return s.Derived }),
		counted("readings_judged_total", "Readings that went through the rules.", func(s ingest.Snapshot) int64 { return s.Judged }),
		counted("quarantine_dropped_total", "Rows dropped from a full quarantine.", func(s ingest.Snapshot) int64 { return s.AsideDropped }),
		counted("acks_total", "Acknowledgements given to gateways.", func(s ingest.Snapshot) int64 { return s.Acks }),
		counted("rewinds_total", "Requests to gateways to send again.", func(s ingest.Snapshot) int64 { return s.Rewinds }),
		counted("deliveries_abandoned_total", "Deliveries given up while the store failed; gateways send them again.", func(s ingest.Snapshot) int64 { return s.Abandoned }),
		counted("store_errors_total", "Failed transactions.", func(s ingest.Snapshot) int64 { return s.StoreErrors }),
		counted("influxdb_errors_total", "Failed writes to InfluxDB.", func(s ingest.Snapshot) int64 { return s.WriteErrors }),
		gauge("points_queued", "Points that wait for InfluxDB.", func(s ingest.Snapshot) float64 { return float64(s.Queued) }),
		gauge("influxdb_up", "0 while InfluxDB cannot be written to.", func(s ingest.Snapshot) float64 { return truth(s.WriterDownSince.IsZero()) }),
		gauge("store_up", "0 while the database cannot be written to.", func(s ingest.Snapshot) float64 { return truth(s.StoreDownSince.IsZero()) }),
	}
	list = append(list, partsOf("batches_total", "Uplink batches, by what they brought.", "result",
		part{"new", func(s ingest.Snapshot) int64 { return s.Batches - s.Duplicates - s.Early }},
		part{"duplicate", func(s ingest.Snapshot) int64 { return s.Duplicates }},
		part{"early", func(s ingest.Snapshot) int64 { return s.Early }})...)
	list = append(list, partsOf("points_total", "Points for InfluxDB, by what became of them; dropped ones come again.", "result",
		part{"written", func(s ingest.Snapshot) int64 { return s.Points }},
		part{"refused", func(s ingest.Snapshot) int64 { return s.Refused }},
		part{"dropped", func(s ingest.Snapshot) int64 { return s.Dropped }})...)
	return append(list, partsOf("quarantined_total", "What was set aside, by who found it unusable.", "stage",
		part{"gateway", func(s ingest.Snapshot) int64 { return s.AsideGateway }},
		part{"wire", func(s ingest.Snapshot) int64 { return s.AsideWire }},
		part{"check", func(s ingest.Snapshot) int64 { return s.AsideCheck }},
		part{"influx", func(s ingest.Snapshot) int64 { return s.AsideInflux }})...)
}

var listOfIngest = ingestList()

// Describe implements prometheus.Collector.
func (m ingestMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, x := range listOfIngest {
		out <- x.desc
	}
}

// Collect implements prometheus.Collector.
func (m ingestMetrics) Collect(out chan<- prometheus.Metric) {
	snap := m.server.spine.Load().Ingest.Snapshot()
	for _, x := range listOfIngest {
		out <- prometheus.MustNewConstMetric(x.desc, x.kind, x.value(snap), x.labels...)
	}
}
