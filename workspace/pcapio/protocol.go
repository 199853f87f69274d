package pcapio

import (
	"strconv"
	"strings"
)

// The IP protocols that are known by more than their name.
const (
	protoHopByHop    = 0
	protoICMP        = 1
	protoIGMP        = 2
	protoIPv4        = 4
	protoTCP         = 6
	protoUDP         = 17
	protoDCCP        = 33
	protoIPv6        = 41
	protoRouting     = 43
	protoFragment    = 44
	protoGRE         = 47
	protoESP         = 50
	protoAH          = 51
	protoICMPv6      = 58
	protoNoNext      = 59
	protoDestination = 60
	protoSCTP        = 132
	protoMobility    = 135
	protoUDPLite     = 136
	protoHIP         = 139
	protoShim6       = 140
)

// keywords are the IANA keywords from 0 on, in upper case; "-" where a number
// has none. Source: the protocol numbers registry of IANA.
const keywords = `HOPOPT ICMP IGMP GGP IPV4 ST TCP CBT EGP IGP BBN-RCC-MON NVP-II PUP ARGUS EMCON XNET CHAOS UDP MUX
DCN-MEAS HMP PRM XNS-IDP TRUNK-1 TRUNK-2 LEAF-1 LEAF-2 RDP IRTP ISO-TP4 NETBLT MFE-NSP MERIT-INP DCCP 3PC IDPR XTP DDP
IDPR-CMTP TP++ IL IPV6 SDRP IPV6-ROUTE IPV6-FRAG IDRP RSVP GRE DSR BNA ESP AH I-NLSP SWIPE NARP MIN-IPV4 TLSP SKIP
IPV6-ICMP IPV6-NONXT IPV6-OPTS - CFTP - SAT-EXPAK KRYPTOLAN RVD IPPC - SAT-MON VISA IPCV CPNX CPHB WSN PVP BR-SAT-MON
SUN-ND WB-MON WB-EXPAK ISO-IP VMTP SECURE-VMTP VINES IPTM NSFNET-IGP DGP TCF EIGRP OSPFIGP SPRITE-RPC LARP MTP AX.25
IPIP MICP SCC-SP ETHERIP ENCAP - GMTP IFMP PNNI PIM ARIS SCPS QNX A/N IPCOMP SNP COMPAQ-PEER IPX-IN-IP VRRP PGM - L2TP
DDX IATP STP SRP UTI SMP SM PTP ISIS-OVER-IPV4 FIRE CRTP CRUDP SSCOPMCE IPLT SPS PIPE SCTP FC RSVP-E2E-IGNORE
MOBILITY-HEADER UDPLITE MPLS-IN-IP MANET HIP SHIM6 WESP ROHC ETHERNET AGGFRAG NSH`

// protocolNames returns the name of each of the 256 protocols.
func protocolNames() [256]string {
	var names [256]string
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	for i, keyword := range strings.Fields(keywords) {
		if keyword != "-" {
			names[i] = keyword
		}
	}
	return names
}

// protocolNumbers returns the number of each name, with the common names
// beside IANA's.
func protocolNumbers() map[string]byte {
	numbers := make(map[string]byte, 320)
	for i, name := range protocolNames() {
		numbers[name] = byte(i)
	}
	for name, number := range map[string]byte{
		"ICMPV6": protoICMPv6, "ICMP6": protoICMPv6, "IPV6_ICMP": protoICMPv6, "OSPF": 89, "IP": protoIPv4,
		"UDP-LITE": protoUDPLite, "ISIS": 124, "OPT": protoDestination, "IPENCAP": protoIPv4, "IPCOMPRESS": 108,
	} {
		numbers[name] = number
	}
	return numbers
}
