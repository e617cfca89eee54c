package wire_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

func readGuide(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../docs/wire.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestTheGuidesExamplesAreVectors(t *testing.T) {
	vectors := make(map[string]vector)
	for _, v := range loadVectors(t).Good {
		vectors[v.Name] = v
	}
	shown := make(map[string]bool)
	comment := regexp.MustCompile(`#.*|\s`)
	for _, block := range regexp.MustCompile("(?s)```hex ([^\n]+)\n(.*?)```").FindAllStringSubmatch(readGuide(t), -1) {
		name, bytes := block[1], comment.ReplaceAllString(block[2], "")
		v, ok := vectors[name]
		if !ok {
			t.Errorf("the guide shows %q, which is no vector", name)
			continue
		}
		if bytes != v.Hex {
			t.Errorf("the guide shows %q as\n%s\nwant\n%s", name, bytes, v.Hex)
		}
		switch {
		case v.Reading != nil:
			shown["reading"] = true
		case v.Reject != nil:
			shown["reject"] = true
		case v.Gap != nil:
			shown["gap"] = true
		default:
			shown[kindOf(v.value(t))] = true
		}
	}
	for _, kind := range []string{"reading", "reject", "gap", "batch", "ack", "state", "config", "answer", "spool"} {
		if !shown[kind] {
			t.Errorf("the guide shows no example of the kind %s", kind)
		}
	}
}

func TestTheGuideStatesTheBounds(t *testing.T) {
	guide := readGuide(t)
	for _, line := range []string{
		fmt.Sprintf("| batch | %d bytes |", wire.MaxBatchBytes),
		fmt.Sprintf("| records in a batch | %d |", wire.MaxBatchRecords),
		fmt.Sprintf("| record | %d bytes |", wire.MaxRecordBytes),
		fmt.Sprintf("| device id, signal name | %d bytes, at least 1 |", wire.MaxName),
		fmt.Sprintf("| string value | %d bytes |", wire.MaxState),
		fmt.Sprintf("| source of a reject | %d bytes |", wire.MaxSource),
		fmt.Sprintf("| reason of a reject or a gap | %d bytes |", wire.MaxReason),
		fmt.Sprintf("| raw bytes of a reject | %d bytes |", plantroom.MaxRaw),
		fmt.Sprintf("| version of the gateway's software | %d bytes |", wire.MaxVersion),
		fmt.Sprintf("sum up to %d bytes or less", wire.MaxPayload),
		fmt.Sprintf("starts with the version of this format, %d,", wire.Version),
		"`" + wire.Topic("{estate}", "{gateway}", wire.Up) + "`",
		"`" + wire.Topic("{estate}", "{gateway}", wire.AckLeaf) + "`",
		"`" + wire.Topic("{estate}", "{gateway}", wire.StateLeaf) + "`",
		"`" + wire.Topic("{estate}", "{gateway}", wire.ConfigLeaf) + "`",
		"`" + wire.Topic("{estate}", "{gateway}", wire.AnswerLeaf) + "`",
		"`" + wire.Topic("{estate}", "{gateway}", wire.SpoolLeaf) + "`",
		fmt.Sprintf("| configuration | %d bytes |", wire.MaxConfigBytes),
		fmt.Sprintf("| files in a configuration | %d, at least 1 |", wire.MaxConfigFiles),
		fmt.Sprintf("| detail of an answer | %d bytes |", wire.MaxDetail),
	} {
		if !strings.Contains(guide, line) {
			t.Errorf("docs/wire.md does not say %q", line)
		}
	}
}
