package wire

import (
	"crypto/ed25519"
	"crypto/sha256"

	"plantroom"
)

// Bounds of a configuration.
const (
	MaxConfigBytes = 512 << 10 // one encoded configuration, files and signature included
	MaxConfigFiles = 16
	MaxDetail      = 8 << 10 // the detail of an answer, in bytes
)

// ConfigFile is one file of a configuration. Its name is an id.
type ConfigFile struct {
	Name string
	Body []byte
}

// KeyID names a public key: the first bytes of its SHA-256.
type KeyID [8]byte

// KeyIDOf names a key.
func KeyIDOf(k ed25519.PublicKey) KeyID {
	sum := sha256.Sum256(k)
	return KeyID(sum[:len(KeyID{})])
}

// Config is what the services tell a gateway to be, retained on its "config"
// topic: the gateway's file, which comes first, and the files that it names.
type Config struct {
	Estate    plantroom.EstateID
	Gateway   plantroom.GatewayID
	Serial    uint64 // 1 or more; it grows with each configuration of a gateway
	Issued    plantroom.Instant
	Files     []ConfigFile // 1 to MaxConfigFiles, no name twice
	Key       KeyID        // with which it is signed
	Signature [ed25519.SignatureSize]byte
}

// configContext stands before what is signed, so that the signature of a
// configuration is none of anything else.
const configContext = "plantroom gateway configuration 1\x00"

// SignConfig signs a configuration and encodes it.
func SignConfig(c Config, key ed25519.PrivateKey) ([]byte, error) {
	c.Key = KeyIDOf(key.Public().(ed25519.PublicKey))
	b, err := appendUnsigned([]byte(configContext), c)
	if err != nil {
		return nil, err
	}
	copy(c.Signature[:], ed25519.Sign(key, b))
	return AppendConfig(nil, c)
}

// Verify reports whether a key has signed the configuration as it is.
func (c *Config) Verify(key ed25519.PublicKey) bool {
	b, err := appendUnsigned([]byte(configContext), *c)
	return err == nil && ed25519.Verify(key, b, c.Signature[:])
}

// AppendConfig appends a configuration with its signature.
func AppendConfig(dst []byte, c Config) ([]byte, error) {
	out, err := appendUnsigned(dst, c)
	if err != nil {
		return dst, err
	}
	out = appendBytes(out, c.Signature[:])
	if size := len(out) - len(dst); size > MaxConfigBytes {
		return dst, plantroom.Errorf(plantroom.CodeTooLarge, "configuration of %d bytes: at most %d", size, MaxConfigBytes)
	}
	return out, nil
}

// appendUnsigned appends everything before the signature: what is signed.
func appendUnsigned(dst []byte, c Config) ([]byte, error) {
	if err := checkConfig(&c); err != nil {
		return dst, err
	}
	dst = appendMessage(dst, messageConfig, configItems)
	dst = appendText(dst, string(c.Estate))
	dst = appendText(dst, string(c.Gateway))
	dst = appendHead(dst, majorUint, c.Serial)
	dst = appendInt(dst, int64(c.Issued))
	dst = appendHead(dst, majorArray, uint64(len(c.Files)))
	for _, f := range c.Files {
		dst = appendHead(dst, majorArray, 2)
		dst = appendText(dst, f.Name)
		dst = appendBytes(dst, f.Body)
	}
	return appendBytes(dst, c.Key[:]), nil
}

func checkConfig(c *Config) error {
	for what, id := range map[string]string{"estate": string(c.Estate), "gateway": string(c.Gateway)} {
		if err := plantroom.ValidID(id); err != nil {
			return plantroom.Errorf(plantroom.CodeInvalid, "configuration: %s: %w", what, err)
		}
	}
	if c.Serial < 1 || c.Serial > maxSequence {
		return plantroom.Errorf(plantroom.CodeInvalid, "configuration with serial %d: not 1 to 2^63-1", c.Serial)
	}
	if n := len(c.Files); n < 1 || n > MaxConfigFiles {
		return plantroom.Errorf(plantroom.CodeInvalid, "configuration of %d files: 1 to %d", n, MaxConfigFiles)
	}
	seen := map[string]bool{}
	size := 0
	for _, f := range c.Files {
		if err := plantroom.ValidID(f.Name); err != nil {
			return plantroom.Errorf(plantroom.CodeInvalid, "configuration: the name of a file: %w", err)
		}
		if seen[f.Name] {
			return plantroom.Errorf(plantroom.CodeInvalid, "configuration: the file %s is in it twice", f.Name)
		}
		seen[f.Name] = true
		if size += len(f.Body); size > MaxConfigBytes {
			return plantroom.Errorf(plantroom.CodeTooLarge, "configuration of more than %d bytes", MaxConfigBytes)
		}
	}
	return nil
}

// DecodeConfig reads a configuration and checks its form. Whether its
// signature is good is for Verify. Nothing in the result aliases p.
func DecodeConfig(p []byte) (Config, error) {
	if len(p) > MaxConfigBytes {
		return Config{}, plantroom.Errorf(plantroom.CodeTooLarge, "configuration of %d bytes: at most %d", len(p), MaxConfigBytes)
	}
	r := reader{b: p}
	readMessage(&r, messageConfig, configItems)
	c := Config{
		Estate:  readEstate(&r),
		Gateway: readGateway(&r),
		Serial:  r.sequence("the serial number"),
		Issued:  r.instant("the time of issue"),
		Files:   readFiles(&r),
	}
	copy(c.Key[:], r.exactly(len(c.Key), "the id of a key"))
	copy(c.Signature[:], r.exactly(len(c.Signature), "a signature"))
	if r.err == nil {
		if err := checkConfig(&c); err != nil {
			r.fail("%w", err)
		}
	}
	if err := r.end(); err != nil {
		return Config{}, err
	}
	return c, nil
}

func readEstate(r *reader) plantroom.EstateID {
	s := r.text(plantroom.MaxID, "an estate id")
	if r.err == nil {
		if err := plantroom.ValidID(s); err != nil {
			r.fail("estate: %w", err)
		}
	}
	return plantroom.EstateID(s)
}

func readFiles(r *reader) []ConfigFile {
	n := r.array(MaxConfigFiles, "the list of files")
	var files []ConfigFile
	for range n {
		if r.array(2, "a file") != 2 {
			r.fail("a file is its name and its content")
		}
		f := ConfigFile{Name: r.text(plantroom.MaxID, "the name of a file")}
		f.Body = append([]byte{}, r.bytes(MaxConfigBytes, "the content of a file")...)
		if r.err != nil {
			return nil
		}
		files = append(files, f)
	}
	return files
}

// exactly reads a byte string of n bytes.
func (r *reader) exactly(n int, what string) []byte {
	b := r.bytes(n, what)
	if r.err == nil && len(b) != n {
		r.fail("%s has %d bytes, not %d", what, len(b), n)
	}
	return b
}
