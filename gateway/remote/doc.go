// Package remote puts configurations to work that the services have signed:
// all checks first, then the change, and the way back by itself where the
// uplink does not come back. docs/decisions/0018 says why it is done so.
//
// A Keeper knows three things durably: which configuration is proven, which
// one is on probation, and the highest serial that it has judged. Whatever the
// moment at which the power goes, one of the two, or the gateway's own file,
// runs at the next start.
//
// It deliberately knows nothing of what is in a configuration, of MQTT, and of
// parts: a Site does that. It has no goroutine; its caller calls Look.
package remote
