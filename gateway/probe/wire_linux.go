package probe

import (
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// message is struct i2c_msg of linux/i2c.h.
type message struct {
	addr, flags, length uint16
	_                   uint16
	buf                 unsafe.Pointer
}

// transfer is struct i2c_rdwr_ioctl_data of linux/i2c-dev.h.
type transfer struct {
	messages *message
	count    uint32
}

const (
	readWrite   = 0x0707 // I2C_RDWR
	messageRead = 1      // I2C_M_RD
)

// wire is a bus of this machine.
type wire struct{ f *os.File }

func openWire(bus string) (Wire, error) {
	f, err := os.OpenFile("/dev/"+bus, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return wire{f}, nil
}

func (w wire) Close() error { return w.f.Close() }

// Read reads one byte. Drivers say in different ways that nobody has
// acknowledged.
func (w wire) Read(addr uint16) (byte, error) {
	var b [1]byte
	m := message{addr: addr, flags: messageRead, length: 1, buf: unsafe.Pointer(&b[0])}
	t := transfer{messages: &m, count: 1}
	_, _, no := unix.Syscall(unix.SYS_IOCTL, w.f.Fd(), readWrite, uintptr(unsafe.Pointer(&t)))
	runtime.KeepAlive(&m)
	runtime.KeepAlive(w.f)
	switch no {
	case 0:
		return b[0], nil
	case unix.ENXIO, unix.EREMOTEIO, unix.EIO, unix.ENODEV:
		return 0, ErrSilent
	}
	return 0, os.NewSyscallError("read", no)
}

// may reports whether this user may open a device.
func may(dev string) error {
	return os.NewSyscallError("access", unix.Access(dev, unix.R_OK|unix.W_OK))
}
