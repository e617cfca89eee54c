// Package gen makes Grafana's boards from the domains' own lists of signals and
// rules, in the classic JSON (schema version 42) that file provisioning takes.
// A domain that is added to services/domains gets its board without an edit
// here.
//
// It makes each board in two flavours: Provisioned, with the fixed uids of the
// data sources in dashboards/provisioning, and Importable, which asks for them.
// It knows of Grafana what the boards need and no more; what somebody has
// changed in Grafana is never read back. It asks no data source anything.
package gen
