package flow

import "fmt"

// Reason is why a record's packets are not all that the record says.
type Reason int

// The reasons, of which the first four leave the record out.
const (
	NoAddress    Reason = iota // source or destination is no IP address
	NoProtocol                 // the protocol is none of IP
	NoStart                    // there is no time
	NoPackets                  // the record counts none
	BadCount                   // packets or bytes are no count
	FewBytes                   // fewer bytes than the headers of the packets
	LongSingle                 // a duration of a single packet
	BadDuration                // a duration below 0 or no number
	BadPort                    // a port that is no number from 0 to 65535
	BadFlags                   // TCP flags that are not understood
	RoundedCount               // packets or bytes with a fraction
	HugePacket                 // more than 65,535 bytes a packet
	numReasons
)

func (r Reason) String() string {
	return [numReasons]string{
		NoAddress:    "source or destination is no IP address: left out",
		NoProtocol:   "the protocol is none of IP: left out",
		NoStart:      "no time: left out",
		NoPackets:    "no packets: left out",
		BadCount:     "packets or bytes are no count: taken for missing",
		FewBytes:     "fewer bytes than the headers of its packets have: its packets have more",
		LongSingle:   "a duration, but one packet: it is at the start",
		BadDuration:  "a duration that is none: taken for 0",
		BadPort:      "a port that is no number from 0 to 65535: taken for 0",
		BadFlags:     "TCP flags that are not understood: flags of a whole connection are taken",
		RoundedCount: "packets or bytes with a fraction: rounded",
		HugePacket:   "more than 65,535 bytes a packet: written as segmentation offload shows it",
	}[r]
}

// Warning is how many records were not expanded as they say, for one reason.
type Warning struct {
	Reason Reason
	Count  int64
	First  int64 // row of the first, from 1 in the order of Expander.Row
}

func (w Warning) String() string {
	records := fmt.Sprintf("%d flow records", w.Count)
	if w.Count == 1 {
		records = "1 flow record"
	}
	return fmt.Sprintf("%s (the first is number %d): %v", records, w.First, w.Reason)
}
