package homeassistant

import (
	"encoding/json"
	"hash/fnv"
	"slices"
	"strings"

	"plantroom"
	"plantroom/firmware-bridge/jsonwalk"
)

// DefaultPrefix is Home Assistant's usual discovery prefix.
const DefaultPrefix = "homeassistant"

// Split is what a gateway's file says of a device whose entities are to be
// addresses of their own.
const Split = "split"

// Limits on what strangers can make a gateway follow and remember.
const (
	maxPayload  = 64 << 10 // bytes
	maxEntities = 2000
	maxShared   = 64   // entities of one state topic
	maxKept     = 2048 // bytes of a payload that is kept for entities still to come
)

// Options says how to listen. The zero Options are good ones.
type Options struct {
	Prefix string   // the discovery prefix; "": DefaultPrefix
	Split  []string // identifiers of devices whose entities are addresses of their own, by unique_id
}

func (o *Options) base() string {
	if o.Prefix == "" {
		return DefaultPrefix + "/"
	}
	return strings.TrimSuffix(o.Prefix, "/") + "/"
}

// Topics gives the subscriptions to configurations.
func Topics(o Options) []string {
	return []string{o.base() + "+/+/config", o.base() + "+/+/+/config"}
}

// New makes a listener.
func New(o Options) plantroom.Speaker {
	return &decoder{
		base: o.base(), split: o.Split,
		known: map[string]*discovery{}, channels: map[string]*channel{}, devices: map[string]*device{},
	}
}

type decoder struct {
	base  string
	split []string

	known    map[string]*discovery // by the topic of the configuration
	channels map[string]*channel   // by topic
	devices  map[string]*device    // by address
	entities int

	follow, leave []string          // topics, for the next turn
	due           plantroom.Instant // of the next turn; may be too early
	last          plantroom.Instant // turn
	serial        uint64            // of messages and turns
}

// discovery is one configuration and what came of it.
type discovery struct {
	sum      uint64
	entities []*entity
}

// channel is a topic that is followed.
type channel struct {
	entities []*entity
	watchers []watcher
	last     []byte // the newest payload; nil: none, or too large to keep
	at       plantroom.Instant
	retained bool
}

// watcher is an entity whose availability a topic tells.
type watcher struct {
	e *entity
	w *watch
}

// Decode implements plantroom.Decoder.
func (d *decoder) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	c := d.collector(m.Received)
	if len(m.Payload) > maxPayload {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "homeassistant %.80s: payload of %d bytes, at most %d", m.Topic, len(m.Payload), maxPayload)
	}
	if rest, ok := strings.CutPrefix(m.Topic, d.base); ok && strings.HasSuffix(rest, "/config") {
		d.discover(m, strings.Split(strings.TrimSuffix(rest, "/config"), "/"), &c)
	} else if ch := d.channels[m.Topic]; ch != nil && len(m.Payload) > 0 {
		d.hear(ch, m, &c)
	}
	return c.samples, c.err
}

// discover takes a configuration: component, node where there is one, object.
func (d *decoder) discover(m plantroom.Message, levels []string, c *collector) {
	if len(levels) < 2 || len(levels) > 3 || len(m.Topic) > maxTopic {
		return
	}
	component, object := levels[0], strings.Join(levels[1:], "_")
	if component != "device" && component != "sensor" && component != "binary_sensor" {
		return
	}
	h := fnv.New64a()
	h.Write(m.Payload)
	old := d.known[m.Topic]
	if old != nil {
		if old.sum == h.Sum64() {
			return // repeated, as at each start of a device
		}
		d.remove(old)
		delete(d.known, m.Topic)
	}
	if len(m.Payload) == 0 {
		return
	}
	if !json.Valid(m.Payload) || m.Payload[jsonwalk.Space(m.Payload, 0)] != '{' {
		c.fail(object, "the configuration is not a JSON object")
		return
	}
	now := &discovery{sum: h.Sum64()}
	cfg := newConfig()
	cfg.take(m.Payload)
	if component == "device" {
		d.components(cfg, now, object, c)
	} else {
		cfg.platform = component
		d.add(cfg, now, object, levels[len(levels)-1], c)
	}
	if len(now.entities) > 0 {
		d.known[m.Topic] = now
	}
}

// components takes the entities of a device. What stands beside them counts for
// each, unless it says otherwise itself (Home Assistant's shared options).
func (d *decoder) components(cfg config, now *discovery, object string, c *collector) {
	if cfg.err != nil {
		c.fail(object, "%w", cfg.err)
		return
	}
	n := 0
	jsonwalk.Members(cfg.components, func(name string, value []byte) bool {
		if n++; n > maxComponents {
			c.fail(object, "more than %d components", maxComponents)
			return false
		}
		says := 0
		jsonwalk.Members(value, func(key string, _ []byte) bool {
			if long(key) != "platform" {
				says++
			}
			return says == 0
		})
		if says == 0 {
			return true // it is deleted
		}
		own := newConfig()
		own.base, own.device, own.stateTopic = cfg.base, cfg.device, cfg.stateTopic
		own.single, own.list, own.mode = cfg.single, cfg.list, cfg.mode
		own.take(value)
		own.device = cfg.device
		d.add(own, now, object+"_"+name, name, c)
		return true
	})
}

// add makes an entity and follows its topics.
func (d *decoder) add(cfg config, now *discovery, object, name string, c *collector) {
	address := cfg.device
	if address == "" || cfg.uniqueID != "" && slices.Contains(d.split, address) {
		if address = cfg.uniqueID; address == "" {
			address = object
		}
	}
	e, err := cfg.entity(name)
	switch {
	case err != nil:
		c.fail(address, "%s: %w", name, err)
		return
	case e == nil:
		return
	case len(address) > maxTopic:
		c.fail(address, "an address of %d bytes: at most %d", len(address), maxTopic)
		return
	case d.entities >= maxEntities:
		c.fail(address, "%s is entity number %d of this source: let topics name those of this site", name, maxEntities+1)
		return
	case d.channels[e.topic] != nil && len(d.channels[e.topic].entities) >= maxShared:
		c.fail(address, "%s is entity number %d of the topic %.80s", name, maxShared+1, e.topic)
		return
	}
	dev := d.devices[address]
	if dev == nil {
		dev = &device{address: address}
	}
	if slices.ContainsFunc(dev.entities, func(other *entity) bool { return other.signal == e.signal }) {
		c.fail(address, "%s is a second %s: give the device's entities addresses of their own (models: {%q: %s})", name, e.signal, address, Split)
		return
	}
	d.devices[address] = dev
	dev.entities = append(dev.entities, e)
	e.of = dev
	d.entities++
	now.entities = append(now.entities, e)
	d.join(e, c)
}

// join follows an entity's topics. What is known of them already counts at once.
func (d *decoder) join(e *entity, c *collector) {
	for _, w := range e.watches {
		ch := d.channel(w.topic)
		ch.watchers = append(ch.watchers, watcher{e, w})
		if ch.last != nil {
			e.watch(w, ch.last, c)
		}
	}
	ch := d.channel(e.topic)
	ch.entities = append(ch.entities, e)
	if ch.last != nil {
		d.value(e, plantroom.Message{Payload: ch.last, Received: ch.at, Retained: ch.retained}, c)
	}
	c.online(e.of, false, plantroom.Good)
}

func (d *decoder) channel(topic string) *channel {
	ch := d.channels[topic]
	if ch == nil {
		ch = &channel{}
		d.channels[topic] = ch
		d.follow = append(d.follow, topic)
	}
	return ch
}

// remove forgets the entities of a configuration, and leaves their topics.
func (d *decoder) remove(old *discovery) {
	for _, e := range old.entities {
		d.entities--
		e.of.entities = slices.DeleteFunc(e.of.entities, func(other *entity) bool { return other == e })
		if len(e.of.entities) == 0 {
			delete(d.devices, e.of.address)
		}
		topics := []string{e.topic}
		for _, w := range e.watches {
			topics = append(topics, w.topic)
		}
		for _, topic := range topics {
			ch := d.channels[topic]
			if ch == nil {
				continue
			}
			ch.entities = slices.DeleteFunc(ch.entities, func(other *entity) bool { return other == e })
			ch.watchers = slices.DeleteFunc(ch.watchers, func(w watcher) bool { return w.e == e })
			if len(ch.entities)+len(ch.watchers) == 0 {
				delete(d.channels, topic)
				if i := slices.Index(d.follow, topic); i >= 0 {
					d.follow = slices.Delete(d.follow, i, i+1)
				} else {
					d.leave = append(d.leave, topic)
				}
			}
		}
	}
}
