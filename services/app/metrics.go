package app

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"plantroom/services/ingest"
)

// metrics registers what /metrics shows.
func (s *Server) metrics() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), ingestMetrics{s})
	return reg
}

// ingestMetrics reads ingest's counters when it is asked. A reload of the
// estate starts them at zero again, as a restart does.
type ingestMetrics struct{ server *Server }

// metric is one number of a snapshot.
type metric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(ingest.Snapshot) int64
}

func counter(name, help string, value func(ingest.Snapshot) int64) metric {
	return metric{prometheus.NewDesc("plantroom_"+name, help, nil, nil), prometheus.CounterValue, value}
}

func gauge(name, help string, value func(ingest.Snapshot) int64) metric {
	return metric{prometheus.NewDesc("plantroom_"+name, help, nil, nil), prometheus.GaugeValue, value}
}

func set(down bool) int64 {
	if down {
		return 1
	}
	return 0
}

var ingestList = []metric{
	counter("batches_total", "Uplink batches taken in.", func(s ingest.Snapshot) int64 { return s.Batches }),
	counter("batches_duplicate_total", "Batches without a new record.", func(s ingest.Snapshot) int64 { return s.Duplicates }),
	counter("records_total", "Records decoded, or found undecodable.", func(s ingest.Snapshot) int64 { return s.Records }),
	counter("readings_total", "Valid readings.", func(s ingest.Snapshot) int64 { return s.Readings }),
	counter("readings_judged_total", "Readings that went through the rules.", func(s ingest.Snapshot) int64 { return s.Judged }),
	counter("points_total", "Points written to InfluxDB.", func(s ingest.Snapshot) int64 { return s.Points }),
	counter("points_refused_total", "Points that InfluxDB refused.", func(s ingest.Snapshot) int64 { return s.Refused }),
	counter("quarantined_gateway_total", "Set aside by a gateway.", func(s ingest.Snapshot) int64 { return s.AsideGateway }),
	counter("quarantined_wire_total", "Set aside: undecodable, or from the wrong gateway.", func(s ingest.Snapshot) int64 { return s.AsideWire }),
	counter("quarantined_check_total", "Set aside: unknown device or signal, impossible value or time.", func(s ingest.Snapshot) int64 { return s.AsideCheck }),
	counter("quarantined_influx_total", "Set aside: refused by InfluxDB.", func(s ingest.Snapshot) int64 { return s.AsideInflux }),
	counter("quarantine_dropped_total", "Dropped from a full quarantine.", func(s ingest.Snapshot) int64 { return s.AsideDropped }),
	counter("records_lost_total", "Records in gaps that gateways declared.", func(s ingest.Snapshot) int64 { return s.Lost }),
	counter("acks_total", "Acknowledgements given to gateways.", func(s ingest.Snapshot) int64 { return s.Acks }),
	counter("rewinds_total", "Requests to gateways to send again.", func(s ingest.Snapshot) int64 { return s.Rewinds }),
	counter("store_errors_total", "Failed transactions.", func(s ingest.Snapshot) int64 { return s.StoreErrors }),
	counter("influx_errors_total", "Failed writes to InfluxDB.", func(s ingest.Snapshot) int64 { return s.WriteErrors }),
	gauge("points_queued", "Points that wait for InfluxDB.", func(s ingest.Snapshot) int64 { return s.Queued }),
	gauge("influx_down", "1 while InfluxDB cannot be written to.", func(s ingest.Snapshot) int64 { return set(!s.WriterDownSince.IsZero()) }),
	gauge("store_down", "1 while the database cannot be written to.", func(s ingest.Snapshot) int64 { return set(!s.StoreDownSince.IsZero()) }),
}

// Describe implements prometheus.Collector.
func (m ingestMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, x := range ingestList {
		out <- x.desc
	}
}

// Collect implements prometheus.Collector.
func (m ingestMetrics) Collect(out chan<- prometheus.Metric) {
	snap := m.server.spine.Load().Ingest.Snapshot()
	for _, x := range ingestList {
		out <- prometheus.MustNewConstMetric(x.desc, x.kind, float64(x.value(snap)))
	}
}
