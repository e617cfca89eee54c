package wire

import (
	"strings"

	"plantroom"
)

// Leaf is the last level of a topic: what kind of message travels on it.
type Leaf string

// The leaves.
const (
	Up        Leaf = "up"    // gateway to services: Batch, QoS 1, not retained
	AckLeaf   Leaf = "ack"   // services to gateway: Ack, QoS 1, not retained
	StateLeaf Leaf = "state" // gateway to anybody: State, QoS 1, retained; also the last will

	ConfigLeaf Leaf = "config"        // services to gateway: Config, QoS 1, retained
	AnswerLeaf Leaf = "config-status" // gateway to services: Answer, QoS 1, retained

	SpoolLeaf Leaf = "spool" // gateway to services: Spool, QoS 0, retained
)

// topicRoot is the first two levels: the product, and the version of the
// topic tree.
const topicRoot = "plantroom/1/"

// Topic gives plantroom/1/{estate}/{gateway}/{leaf}.
func Topic(e plantroom.EstateID, g plantroom.GatewayID, l Leaf) string {
	return topicRoot + string(e) + "/" + string(g) + "/" + string(l)
}

// ParseTopic is the inverse of Topic. Anything else is refused with
// CodeInvalid, another version of the tree with ErrVersion in the chain.
func ParseTopic(s string) (plantroom.EstateID, plantroom.GatewayID, Leaf, error) {
	levels := strings.Split(s, "/")
	if len(levels) != 5 || levels[0] != "plantroom" {
		return "", "", "", plantroom.Errorf(plantroom.CodeInvalid, "topic %.100q is not plantroom/1/ESTATE/GATEWAY/LEAF", s)
	}
	if levels[1] != "1" {
		return "", "", "", plantroom.Errorf(plantroom.CodeInvalid, "topic %.100q: %w", s, ErrVersion)
	}
	for _, id := range levels[2:4] {
		if err := plantroom.ValidID(id); err != nil {
			return "", "", "", plantroom.Errorf(plantroom.CodeInvalid, "topic %.100q: %w", s, err)
		}
	}
	switch l := Leaf(levels[4]); l {
	case Up, AckLeaf, StateLeaf, ConfigLeaf, AnswerLeaf, SpoolLeaf:
		return plantroom.EstateID(levels[2]), plantroom.GatewayID(levels[3]), l, nil
	}
	return "", "", "", plantroom.Errorf(plantroom.CodeInvalid, "topic %.100q: leaf is not %s, %s, %s, %s, %s or %s", s, Up, AckLeaf, StateLeaf, ConfigLeaf, AnswerLeaf, SpoolLeaf)
}
