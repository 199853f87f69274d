package flow

import (
	"strings"

	"netshare/workspace/trace"
)

// role is what a column says of a flow. Out is the direction from source to
// destination, in the other.
type role int

const (
	roleStart role = iota
	roleEnd
	roleDuration
	roleSrcIP
	roleDstIP
	roleSrcPort
	roleDstPort
	roleProto
	roleOutPackets
	roleInPackets
	roleAllPackets
	roleOutBytes
	roleInBytes
	roleAllBytes
	roleOutPayload // bytes without the headers of IP and transport
	roleInPayload
	roleOutHeaders // bytes of the transport's headers
	roleInHeaders
	roleFlags
	roleOutToS
	roleInToS
	roleState
	roleConnState
	roleHistory
	roleICMPType
	roleICMPCode
	roleFINs // packets with the flag, of both directions
	roleSYNs
	roleRSTs
	rolePSHs
	roleACKs
	numRoles
)

// roleNames are the columns' names by role in lower case without anything but
// letters and digits, the usual first. Sources: UGR16 and NetShare, nfdump 1.7's
// CSV, Argus' ra, Zeek's conn.log, CICFlowMeter 3 and 4, UNSW-NB15.
var roleNames = [numRoles]string{
	roleStart:      "ts starttime stime timestamp datefirstseen firstseen flowstart start first",
	roleEnd:        "te endtime ltime lasttime datelastseen lastseen flowend",
	roleDuration:   "td dur duration flowduration",
	roleSrcIP:      "srcip sa srcaddr saddr idorigh sourceip srcipaddr sourceaddress ipv4srcaddr",
	roleDstIP:      "dstip da dstaddr daddr idresph destinationip dstipaddr destinationaddress ipv4dstaddr",
	roleSrcPort:    "srcport sp sport idorigp sourceport srcpt l4srcport",
	roleDstPort:    "dstport dp dport dsport idrespp destinationport dstpt l4dstport",
	roleProto:      "proto pr protocol prot",
	roleOutPackets: "pkt pkts packets ipkt inpkts srcpkts spkts origpkts totalfwdpackets totalfwdpacket totfwdpkts",
	roleInPackets:  "opkt outpkts dstpkts dpkts resppkts totalbackwardpackets totalbwdpackets totbwdpkts",
	roleAllPackets: "totpkts",
	roleOutBytes:   "byt byts bytes ibyt inbytes srcbytes sbytes origipbytes octets",
	roleInBytes:    "obyt outbytes dstbytes dbytes respipbytes",
	roleAllBytes:   "totbytes",
	roleOutPayload: "totallengthoffwdpackets totallengthoffwdpacket totlenfwdpkts origbytes",
	roleInPayload:  "totallengthofbwdpackets totallengthofbwdpacket totlenbwdpkts respbytes",
	roleOutHeaders: "fwdheaderlength fwdheaderlen",
	roleInHeaders:  "bwdheaderlength bwdheaderlen",
	roleFlags:      "tcpflags flg flags",
	roleOutToS:     "tos stos srctos",
	roleInToS:      "dtos dsttos",
	roleState:      "state",
	roleConnState:  "connstate",
	roleHistory:    "history",
	roleICMPType:   "icmptype",
	roleICMPCode:   "icmpcode",
	roleFINs:       "finflagcount finflagcnt",
	roleSYNs:       "synflagcount synflagcnt",
	roleRSTs:       "rstflagcount rstflagcnt",
	rolePSHs:       "pshflagcount pshflagcnt",
	roleACKs:       "ackflagcount ackflagcnt",
}

// shape is where a table has the columns of a flow.
type shape struct {
	at      [numRoles]int // column of each role, -1 without
	unit    trace.Unit    // of a numeric time
	micros  bool          // the duration is in microseconds
	zeek    bool          // ports of ICMP are type and code
	columns []trace.Column
}

// plainName is a column's name as roleNames has it.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

// newShape finds the columns of a flow among a table's.
func newShape(s trace.Schema) *shape {
	sh := &shape{columns: s.Columns}
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = plainName(c.Name)
	}
	for r := range sh.at {
		sh.at[r] = -1
	search:
		for _, want := range strings.Fields(roleNames[r]) {
			for i, have := range names {
				if have == want {
					sh.at[r] = i
					break search
				}
			}
		}
	}
	if sh.has(roleAllPackets) && !sh.has(roleAllBytes) {
		sh.at[roleAllPackets] = -1
	}
	for _, r := range []role{roleStart, roleEnd} {
		if sh.has(r) && sh.unit == "" {
			sh.unit = s.Columns[sh.at[r]].Unit
		}
	}
	if sh.has(roleDuration) {
		sh.micros = plainName(s.Columns[sh.at[roleDuration]].Name) == "flowduration"
	}
	sh.zeek = sh.has(roleConnState) || sh.has(roleHistory)
	return sh
}

func (sh *shape) has(r role) bool { return sh.at[r] >= 0 }

// Missing returns what a table has not of the columns that an Expander needs,
// in words with the usual name of each; nil for a flow table.
func Missing(s trace.Schema) []string { return newShape(s).missing() }

func (sh *shape) missing() []string {
	var missing []string
	need := func(what string, roles ...role) {
		for _, r := range roles {
			if sh.has(r) {
				return
			}
		}
		missing = append(missing, what)
	}
	need("a source address (srcip)", roleSrcIP)
	need("a destination address (dstip)", roleDstIP)
	need("a protocol (proto)", roleProto)
	need("a start (ts)", roleStart, roleEnd)
	need("packets (pkt)", roleOutPackets, roleAllPackets)
	need("bytes (byt)", roleOutBytes, roleAllBytes, roleOutPayload)
	return missing
}
