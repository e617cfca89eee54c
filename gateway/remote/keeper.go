package remote

import (
	"log/slog"
	"sync"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/spool"
)

// Site is the gateway that a Keeper changes.
type Site interface {
	// Prepare does everything of a configuration that can fail, and
	// changes nothing; swap puts it to work. nil is the gateway's own file.
	Prepare(c *wire.Config) (swap func(), err error)
	// Uplink tells whether the uplink is connected, and how many
	// acknowledgements the services have given. The count starts over with
	// another uplink.
	Uplink() (connected bool, acks uint64)
}

// DefaultProbation is how long a configuration has to show that the services
// can be reached with it.
const DefaultProbation = 5 * time.Minute

// Options of a Keeper.
type Options struct {
	Dir       string
	FS        spool.FS // nil: the operating system's
	Estate    plantroom.EstateID
	Gateway   plantroom.GatewayID
	Keys      Keys
	Probation time.Duration // 0: DefaultProbation
	Logger    *slog.Logger  // nil: silent
}

// Keeper keeps the configurations of one gateway. Answer, Asking, Changed,
// Book and Trouble may be called from anywhere; everything else from one
// goroutine.
type Keeper struct {
	o    Options
	log  *slog.Logger
	disk disk

	mu      sync.Mutex
	book    Book
	passing *Word  // on something that is no configuration for us, and not noted
	trouble string // with the directory
	unsaved bool   // the book on disk is an older one
	changed chan struct{}

	began  time.Time // of the probation, or of its part in this process
	acks   uint64    // the uplink's count when it began
	passed bool      // an acknowledgement has come; it has yet to be written down
}

// Open reads what is known. It fails where the directory cannot be used at
// all; a book that cannot be read is logged, and the gateway's own file counts.
func Open(o Options) (*Keeper, error) {
	if o.FS == nil {
		o.FS = spool.Disk()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Probation <= 0 {
		o.Probation = DefaultProbation
	}
	k := &Keeper{o: o, log: o.Logger, disk: disk{o.FS, o.Dir}, changed: make(chan struct{}, 1)}
	if err := o.FS.MkdirAll(o.Dir); err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "open remote.dir", Message: o.Dir, Err: err,
			Hint: "let the gateway's user write there"}
	}
	var err error
	if k.book, err = k.disk.book(); err != nil {
		k.complain("the configurations' book cannot be read", err)
	}
	return k, nil
}

// Book returns what is known.
func (k *Keeper) Book() Book {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.book
}

// Trouble is what is wrong with the directory; "": nothing.
func (k *Keeper) Trouble() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.trouble
}

// Asking reports whether an acknowledgement is waited for.
func (k *Keeper) Asking() bool { return k.Book().Probation != 0 }

// Changed tells that Answer or Asking has.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

// Answer is what to tell the services.
func (k *Keeper) Answer() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	w := k.book.Last
	if k.passing != nil {
		w = *k.passing
	}
	b, err := wire.AppendAnswer(nil, wire.Answer{Gateway: k.o.Gateway, Serial: w.Serial, Sum: wire.ConfigSum(w.Sum), Outcome: w.Outcome, Detail: w.Detail,
		Running: k.book.Running(), Highest: k.book.Highest, At: w.At})
	if err != nil { // ids and serials were checked
		k.log.Error("no answer can be given on a configuration", "error", err)
		return nil
	}
	return b
}

// tell lets the uplink know that there is something new to say.
func (k *Keeper) tell() {
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// enter makes a book the present one, in memory.
func (k *Keeper) enter(b Book) {
	k.mu.Lock()
	k.book, k.passing = b, nil
	k.mu.Unlock()
	k.tell()
}

// save writes a book down. What fails is tried again by Look, where it has
// been entered.
func (k *Keeper) save(b Book) error {
	err := k.disk.save(b)
	k.mu.Lock()
	k.unsaved = err != nil
	if err == nil {
		k.trouble = ""
	}
	k.mu.Unlock()
	if err != nil {
		k.complain("the configurations' book cannot be written", err)
	}
	return err
}

// stale reports whether the book on disk is an older one.
func (k *Keeper) stale() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.unsaved
}

func (k *Keeper) complain(what string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if text := what + ": " + err.Error(); text != k.trouble { // once, however often it is tried
		k.trouble = text
		k.log.Error(what, "dir", k.o.Dir, "error", err)
	}
}

// load reads a configuration that was judged good, and judges it again: keys
// may have gone since, and disks forget. 0 is the gateway's own file.
func (k *Keeper) load(serial uint64) (*wire.Config, error) {
	if serial == 0 {
		return nil, nil
	}
	m, err := k.disk.message(serial)
	if err != nil {
		return nil, err
	}
	c, err := k.o.Keys.Open(m, k.o.Estate, k.o.Gateway)
	if err == nil && c.Serial != serial {
		err = plantroom.Errorf(plantroom.CodeInvalid, "the file of configuration %d holds number %d", serial, c.Serial)
	}
	return &c, err
}

// ready prepares a configuration by its serial.
func (k *Keeper) ready(site Site, serial uint64) (swap func(), err error) {
	c, err := k.load(serial)
	if err != nil {
		return nil, err
	}
	return site.Prepare(c)
}

func now() plantroom.Instant { return plantroom.At(time.Now()) }
