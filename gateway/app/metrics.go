package app

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"plantroom/gateway/clock"
	"plantroom/gateway/reflex"
)

// serveMetrics answers in the Prometheus text format, version 0.0.4.
func (a *App) serveMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	b := bufio.NewWriter(w)
	writeMetrics(b, a.Health())
	_ = b.Flush() // the reader has gone
}

// metrics writes families of the text format.
type metrics struct{ w io.Writer }

// family writes a family's head.
func (m metrics) family(name, kind, help string) {
	fmt.Fprintf(m.w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// one writes a family with one sample.
func (m metrics) one(name, kind, help string, v float64) {
	m.family(name, kind, help)
	m.sample(name, "", v)
}

// sample writes one line; labels is empty or {a="b"}.
func (m metrics) sample(name, labels string, v float64) {
	fmt.Fprintf(m.w, "%s%s %s\n", name, labels, strconv.FormatFloat(v, 'g', -1, 64))
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func writeMetrics(w io.Writer, h Health) {
	m := metrics{w}
	m.family("plantroom_gateway_info", "gauge", "Which gateway this is.")
	m.sample("plantroom_gateway_info", fmt.Sprintf(`{gateway="%s",estate="%s",version="%s"}`, h.Gateway, h.Estate, escape.Replace(h.Version)), 1)
	m.one("plantroom_gateway_uptime_seconds", "gauge", "Time since the start.", float64(h.UptimeS))
	m.one("plantroom_gateway_reloads_total", "counter", "Changed files put to work.", float64(h.Reloads))
	m.one("plantroom_gateway_reloads_refused_total", "counter", "Changed files found faulty.", float64(h.Refused))
	writeSpool(m, h.Spool)
	writeUplink(m, h.Uplink)
	writeSources(m, h.Sources)
	writeModbus(m, h.Sources)
	writeListen(m, h.Listen)
	writeRemote(m, h.Remote)
	writeDevices(m, h.Devices)
	writeClock(m, h.Clock)
	writeCertificates(m, h.Certificates)
	writeReflexes(m, h.Reflexes)
}

func writeSpool(m metrics, s SpoolHealth) {
	m.one("plantroom_gateway_spool_records", "gauge", "Records that wait for the services.", float64(s.Records))
	m.one("plantroom_gateway_spool_bytes", "gauge", "Size of the spool on disk.", float64(s.Bytes))
	m.one("plantroom_gateway_spool_max_bytes", "gauge", "Size at which readings are refused.", float64(s.MaxBytes))
	m.one("plantroom_gateway_spool_stored_total", "counter", "Records made durable.", float64(s.Stored))
	m.one("plantroom_gateway_spool_refused_total", "counter", "Records refused because the spool or its disk was full.", float64(s.Refused))
	m.one("plantroom_gateway_spool_failed_total", "counter", "Records refused because the disk failed.", float64(s.Failed))
	m.one("plantroom_gateway_spool_full", "gauge", "1 while readings are refused because the spool or its disk is full.", truth(s.Full))
	m.one("plantroom_gateway_spool_lost_total", "counter", "Records found missing on disk.", float64(s.Lost))
	m.one("plantroom_gateway_spool_dropped_total", "counter", "Records dropped to make room, as the file permits.", float64(s.Dropped))
	m.one("plantroom_gateway_spool_high", "gauge", "1 while the spool or its disk is nearly full, or full.", truth(s.Level != "ok"))
	m.one("plantroom_gateway_spool_disk_free_bytes", "gauge", "What is free on the spool's disk; 0: it is not known.", float64(s.Free))
	m.one("plantroom_gateway_spool_disk_reserve_bytes", "gauge", "Free space below which readings are refused.", float64(s.Reserve))
}

func writeUplink(m metrics, u UplinkHealth) {
	m.one("plantroom_gateway_uplink_connected", "gauge", "1 while the services' broker is connected.", truth(u.Connected))
	m.one("plantroom_gateway_uplink_connects_total", "counter", "Connections made.", float64(u.Connects))
	m.one("plantroom_gateway_uplink_records_sent_total", "counter", "Records sent, repeats included.", float64(u.Sent))
	m.one("plantroom_gateway_uplink_batches_sent_total", "counter", "Batches sent, repeats included.", float64(u.Batches))
	m.one("plantroom_gateway_uplink_acks_total", "counter", "Acknowledgements of the services.", float64(u.Acks))
	m.one("plantroom_gateway_uplink_ack_owed_since_seconds", "gauge", "Unix time since when the services owe an acknowledgement; 0: they owe none.", float64(u.Owed)/1e9)
	m.one("plantroom_gateway_uplink_acks_ignored_total", "counter", "Acknowledgements for another spool.", float64(u.Ignored))
	m.one("plantroom_gateway_uplink_timeouts_total", "counter", "Batches sent again for want of an acknowledgement.", float64(u.Timeouts))
	m.one("plantroom_gateway_uplink_rewinds_total", "counter", "Times that the services asked for records again.", float64(u.Rewinds))
}

func writeSources(m metrics, sources []SourceHealth) {
	for _, f := range []struct {
		name, kind, help string
		value            func(SourceHealth) (float64, bool)
	}{
		{"connected", "gauge", "1 while the source's broker, line or connection is open.", func(s SourceHealth) (float64, bool) {
			return truth(s.Connected != nil && *s.Connected), s.Connected != nil
		}},
		{"messages_total", "counter", "Messages and answers received.", func(s SourceHealth) (float64, bool) { return float64(s.Messages), s.Connected != nil }},
		{"readings_total", "counter", "Readings taken in.", func(s SourceHealth) (float64, bool) { return float64(s.Readings), true }},
		{"rejected_total", "counter", "Messages kept as rejects.", func(s SourceHealth) (float64, bool) { return float64(s.Rejected), true }},
		{"rejects_suppressed_total", "counter", "Rejects beyond one per source and minute.", func(s SourceHealth) (float64, bool) { return float64(s.Suppressed), true }},
		{"ignored_total", "counter", "Samples that the file says to ignore.", func(s SourceHealth) (float64, bool) { return float64(s.Ignored), true }},
	} {
		name := "plantroom_gateway_source_" + f.name
		m.family(name, f.kind, f.help)
		for _, s := range sources {
			if v, ok := f.value(s); ok {
				m.sample(name, `{source="`+escape.Replace(s.Name)+`"}`, v)
			}
		}
	}
}

// writeModbus writes the families that only Modbus links have.
func writeModbus(m metrics, sources []SourceHealth) {
	links := func(name string, value func(*ModbusHealth) uint64) {
		for _, s := range sources {
			if s.Modbus != nil {
				m.sample("plantroom_gateway_modbus_"+name, `{source="`+escape.Replace(s.Name)+`"}`, float64(value(s.Modbus)))
			}
		}
	}
	m.family("plantroom_gateway_modbus_requests_total", "counter", "Questions asked on a Modbus link.")
	links("requests_total", func(h *ModbusHealth) uint64 { return h.Requests })
	m.family("plantroom_gateway_modbus_unanswered_total", "counter", "Questions that nobody has answered.")
	links("unanswered_total", func(h *ModbusHealth) uint64 { return h.Silent })
	m.family("plantroom_gateway_modbus_garbled_total", "counter", "Answers with a bad checksum or length.")
	links("garbled_total", func(h *ModbusHealth) uint64 { return h.Garbled })
	m.family("plantroom_gateway_modbus_exceptions_total", "counter", "Questions that a device has refused.")
	links("exceptions_total", func(h *ModbusHealth) uint64 { return h.Exceptions })
	m.family("plantroom_gateway_modbus_device_silent", "gauge", "1 while a device on a Modbus link does not answer.")
	for _, s := range sources {
		for _, d := range s.devices() {
			m.sample("plantroom_gateway_modbus_device_silent", `{source="`+escape.Replace(s.Name)+`",device="`+escape.Replace(string(d.Device))+`"}`, truth(d.Silent))
		}
	}
}

// writeListen writes nothing where the gateway has no broker of its own.
func writeListen(m metrics, l *ListenHealth) {
	if l == nil {
		return
	}
	m.one("plantroom_gateway_listen_serving", "gauge", "1 while the gateway's own broker is open.", truth(l.Serving))
	m.one("plantroom_gateway_listen_clients", "gauge", "Devices connected to the gateway's own broker.", float64(l.Clients))
	m.one("plantroom_gateway_listen_unacked", "gauge", "Messages of devices on their way to the disk.", float64(l.Unacked))
	m.one("plantroom_gateway_listen_messages_total", "counter", "Messages received from devices.", float64(l.Messages))
	m.one("plantroom_gateway_listen_unheard_total", "counter", "Messages on topics of no source.", float64(l.Unheard))
	m.one("plantroom_gateway_listen_denied_total", "counter", "Messages and subscriptions that an account does not permit.", float64(l.Denied))
	m.one("plantroom_gateway_listen_turned_away_total", "counter", "Connections turned away.", float64(l.Turned))
	m.one("plantroom_gateway_listen_held_back_total", "counter", "Devices disconnected because the spool took no more; they send again.", float64(l.Held))
	m.one("plantroom_gateway_listen_lost_total", "counter", "Messages at QoS 0 that the spool did not take.", float64(l.Lost))
	m.one("plantroom_gateway_listen_undelivered_total", "counter", "Messages dropped for subscribers that are too slow.", float64(l.Undelivered))
}

// writeDevices names the devices of which is known how often they are to be
// heard, as many as the page lists.
func writeDevices(m metrics, d DevicesHealth) {
	m.one("plantroom_gateway_devices", "gauge", "Devices that the file names, or that were heard.", float64(d.Known))
	m.one("plantroom_gateway_devices_overdue", "gauge", "Devices of which nothing has come for three of their intervals.", float64(d.Overdue))
	each := func(name string, value func(DeviceHealth) float64) {
		for _, one := range d.List {
			if one.Interval > 0 {
				m.sample(name, `{source="`+escape.Replace(one.Source)+`",device="`+escape.Replace(string(one.Device))+`"}`, value(one))
			}
		}
	}
	m.family("plantroom_gateway_device_interval_seconds", "gauge", "The longest time that a device is to be quiet.")
	each("plantroom_gateway_device_interval_seconds", func(d DeviceHealth) float64 { return time.Duration(d.Interval).Seconds() })
	m.family("plantroom_gateway_device_heard_seconds", "gauge", "Unix time at which a device was heard last; 0: not since the start.")
	each("plantroom_gateway_device_heard_seconds", func(d DeviceHealth) float64 { return float64(d.Heard) / 1e9 })
	m.family("plantroom_gateway_device_overdue", "gauge", "1 while nothing has come of a device for three of its intervals.")
	each("plantroom_gateway_device_overdue", func(d DeviceHealth) float64 { return truth(d.Overdue) })
}

// writeRemote writes nothing where no configurations are taken.
func writeRemote(m metrics, r *RemoteHealth) {
	if r == nil {
		return
	}
	m.one("plantroom_gateway_remote_running", "gauge", "Serial of the configuration at work; 0: the gateway's own file.", float64(r.Running))
	m.one("plantroom_gateway_remote_highest", "gauge", "Serial of the newest configuration that was judged.", float64(r.Highest))
	m.one("plantroom_gateway_remote_probation", "gauge", "1 while a configuration is on probation.", truth(r.Probation))
}

func writeClock(m metrics, c ClockHealth) {
	m.one("plantroom_gateway_clock_set", "gauge", "1 while the clock is set, or continued from when it was.", truth(c.State != clock.None))
	m.one("plantroom_gateway_clock_steps_total", "counter", "Times that the system's clock was stepped.", float64(c.Steps))
	m.one("plantroom_gateway_clock_corrected_total", "counter", "Records from before the clock was set that were sent with their true time, repeats included.", float64(c.Corrected))
	m.one("plantroom_gateway_clock_estimated_total", "counter", "Records that were sent with a guessed time, repeats included.", float64(c.Estimated))
}

func writeCertificates(m metrics, all []CertificateHealth) {
	m.family("plantroom_gateway_certificate_expires_seconds", "gauge", "Unix time at which a certificate of the gateway expires; 0: its file cannot be read.")
	for _, c := range all {
		m.sample("plantroom_gateway_certificate_expires_seconds", `{part="`+escape.Replace(c.Part)+`",file="`+escape.Replace(c.File)+`"}`, float64(c.Until)/1e9)
	}
}

// writeReflexes writes nothing where the file has neither outputs nor reflexes.
func writeReflexes(m metrics, r *ReflexHealth) {
	if r == nil {
		return
	}
	outputs := func(name string, value func(reflex.OutputStatus) bool) {
		for _, o := range r.Outputs {
			m.sample(name, `{output="`+escape.Replace(o.Output)+`"}`, truth(value(o)))
		}
	}
	m.family("plantroom_gateway_output_stuck", "gauge", "1 while an output is not where it was driven, or did not do its duty the last time.")
	outputs("plantroom_gateway_output_stuck", func(o reflex.OutputStatus) bool { return o.Stuck })
	m.family("plantroom_gateway_output_overridden", "gauge", "1 while a person, or a switch on site, has an output.")
	outputs("plantroom_gateway_output_overridden", func(o reflex.OutputStatus) bool { return o.Override != nil || o.Contact })
	m.family("plantroom_gateway_reflex_active", "gauge", "1 while the reason for a reflex lasts.")
	for _, x := range r.Reflexes {
		m.sample("plantroom_gateway_reflex_active", `{reflex="`+escape.Replace(x.Reflex)+`"}`, truth(x.Active))
	}
	m.one("plantroom_gateway_reflex_readings_too_old_total", "counter", "Readings that were too old for a reflex when they were heard.", float64(r.TooOld))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
