package app

import (
	"time"

	"plantroom"
	"plantroom/internal/mqttconn"
)

// renewBefore is how long before its end a certificate is a problem: time
// enough for a renewal by hand. Unverified.
const renewBefore = 14 * 24 * time.Hour

// CertificateHealth is a certificate by which the gateway says who it is.
type CertificateHealth struct {
	Part  string            `json:"part"` // uplink, source/zigbee, listen
	File  string            `json:"file"`
	Until plantroom.Instant `json:"expires,omitzero"`
	Error string            `json:"error,omitempty"` // why the file cannot be read
}

// certificates reads the certificates that the file names. The caller holds mu.
func (a *App) certificates() (out []CertificateHealth) {
	read := func(part, file string) {
		if file == "" {
			return
		}
		c := CertificateHealth{Part: part, File: file}
		if is, err := mqttconn.ReadCertificate(file); err == nil {
			c.Until = is.Until
		} else {
			c.Error = err.Error()
		}
		out = append(out, c)
	}
	read("uplink", a.cfg.Uplink.TLS.Cert)
	for i := range a.cfg.MQTT {
		read("source/"+a.cfg.MQTT[i].Name, a.cfg.MQTT[i].TLS.Cert)
	}
	if a.cfg.Listen != nil {
		read("listen", a.cfg.Listen.TLS.Cert)
	}
	return out
}

// problem says what is wrong with a certificate; "": nothing.
func (c *CertificateHealth) problem(now plantroom.Instant) string {
	const day = "2006-01-02"
	switch {
	case c.Error != "":
		return "the certificate of " + c.Part + ": " + c.Error
	case now >= c.Until:
		return "the certificate of " + c.Part + " in " + c.File + " expired on " + c.Until.Time().Format(day) + ": renew it, no restart is needed"
	case c.Until.Sub(now) < renewBefore:
		return "the certificate of " + c.Part + " in " + c.File + " expires on " + c.Until.Time().Format(day) + ": renew it, no restart is needed"
	}
	return ""
}
