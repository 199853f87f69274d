package pcapio

import (
	"bufio"
	"encoding/binary"
	"io"
	"time"
)

// container writes frames in a file format, little endian, through a buffer.
type container struct {
	w     *bufio.Writer
	nano  bool // times in nanoseconds, else in microseconds
	ng    bool
	block [32]byte
}

// The fixed parts of a pcapng file's blocks, bytes.
const (
	sectionSize   = 28 + 4 + 12 // with the option that names the program
	interfaceSize = 20 + 8 + 4  // with the option for the time resolution
	enhancedSize  = 32          // beside the frame
)

// newContainer writes the header of a pcap file, or the section header and
// interface of a pcapng file.
func newContainer(w io.Writer, ng, nano bool, link linkType) (*container, error) {
	c := &container{w: bufio.NewWriterSize(w, bufferSize), nano: nano, ng: ng}
	le := binary.LittleEndian
	var b []byte
	if !ng {
		magic := uint32(magicMicro)
		if nano {
			magic = magicNano
		}
		b = le.AppendUint32(b, magic)
		b = le.AppendUint16(b, 2)
		b = le.AppendUint16(b, 4)
		b = append(b, make([]byte, 8)...)
		b = le.AppendUint32(b, snapLength)
		b = le.AppendUint32(b, uint32(link))
		_, err := c.w.Write(b)
		return c, err
	}
	b = le.AppendUint32(b, blockSection)
	b = le.AppendUint32(b, sectionSize)
	b = le.AppendUint32(b, 0x1a2b3c4d)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint64(b, ^uint64(0)) // length not given
	b = append(le.AppendUint16(le.AppendUint16(b, 4), 8), "netshare"...)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, sectionSize)

	resolution := byte(6)
	if nano {
		resolution = 9
	}
	b = le.AppendUint32(b, blockInterface)
	b = le.AppendUint32(b, interfaceSize)
	b = le.AppendUint32(b, uint32(link))
	b = le.AppendUint32(b, snapLength)
	b = append(le.AppendUint16(le.AppendUint16(b, 9), 1), resolution, 0, 0, 0)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, interfaceSize)
	_, err := c.w.Write(b)
	return c, err
}

// write writes one frame; t is since 1970 and, for pcap, before 2106.
func (c *container) write(t time.Time, frame []byte, wireLen int) error {
	le := binary.LittleEndian
	unit := int64(time.Microsecond)
	if c.nano {
		unit = 1
	}
	fraction := int64(t.Nanosecond()) / unit
	if !c.ng {
		le.PutUint32(c.block[0:], uint32(t.Unix()))
		le.PutUint32(c.block[4:], uint32(fraction))
		le.PutUint32(c.block[8:], uint32(len(frame)))
		le.PutUint32(c.block[12:], uint32(wireLen))
		c.w.Write(c.block[:16]) // the buffer keeps the first error
		_, err := c.w.Write(frame)
		return err
	}
	padding := -len(frame) & 3
	size := uint32(enhancedSize + len(frame) + padding)
	units := uint64(t.Unix()*(int64(time.Second)/unit) + fraction)
	le.PutUint32(c.block[0:], blockEnhanced)
	le.PutUint32(c.block[4:], size)
	le.PutUint32(c.block[8:], 0)
	le.PutUint32(c.block[12:], uint32(units>>32))
	le.PutUint32(c.block[16:], uint32(units))
	le.PutUint32(c.block[20:], uint32(len(frame)))
	le.PutUint32(c.block[24:], uint32(wireLen))
	c.w.Write(c.block[:28])
	c.w.Write(frame)
	le.PutUint32(c.block[:], 0)
	le.PutUint32(c.block[padding:], size)
	_, err := c.w.Write(c.block[:padding+4])
	return err
}
