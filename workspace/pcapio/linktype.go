package pcapio

import "fmt"

// linkType is a link-layer header type. Source: the registry of
// https://www.tcpdump.org/linktypes.html.
type linkType uint16

// The link types that lead to an IP header here.
const (
	linkNull      linkType = 0
	linkEthernet  linkType = 1
	linkPPP       linkType = 9
	linkRawBSD    linkType = 12 // LINKTYPE_RAW as BSD and others number it
	linkRawOBSD   linkType = 14
	linkPPPHDLC   linkType = 50
	linkPPPEther  linkType = 51
	linkRaw       linkType = 101
	linkCiscoHDLC linkType = 104
	linkWiFi      linkType = 105
	linkLoop      linkType = 108
	linkCooked    linkType = 113
	linkRadiotap  linkType = 127
	linkIPv4      linkType = 228
	linkIPv6      linkType = 229
	linkNFLog     linkType = 239
	linkCooked2   linkType = 276
)

// supported reports whether packets of the link type can be read.
func (t linkType) supported() bool {
	switch t {
	case linkNull, linkEthernet, linkPPP, linkRawBSD, linkRawOBSD, linkPPPHDLC, linkPPPEther, linkRaw,
		linkCiscoHDLC, linkWiFi, linkLoop, linkCooked, linkRadiotap, linkIPv4, linkIPv6, linkNFLog, linkCooked2:
		return true
	}
	return false
}

// name returns the registry's name, or "unknown".
func (t linkType) name() string {
	if t >= 147 && t <= 162 {
		return fmt.Sprintf("USER%d", t-147)
	}
	switch t {
	case linkNull:
		return "NULL"
	case linkEthernet:
		return "ETHERNET"
	case 3:
		return "AX25"
	case 6:
		return "IEEE802_5"
	case 7:
		return "ARCNET_BSD"
	case 8:
		return "SLIP"
	case linkPPP:
		return "PPP"
	case 10:
		return "FDDI"
	case linkRaw, linkRawBSD, linkRawOBSD:
		return "RAW"
	case linkPPPHDLC:
		return "PPP_HDLC"
	case linkPPPEther:
		return "PPP_ETHER"
	case 100:
		return "ATM_RFC1483"
	case linkCiscoHDLC:
		return "C_HDLC"
	case linkWiFi:
		return "IEEE802_11"
	case 107:
		return "FRELAY"
	case linkLoop:
		return "LOOP"
	case linkCooked:
		return "LINUX_SLL"
	case 117:
		return "PFLOG"
	case 119:
		return "IEEE802_11_PRISM"
	case 122:
		return "IP_OVER_FC"
	case linkRadiotap:
		return "IEEE802_11_RADIOTAP"
	case 143:
		return "DOCSIS"
	case 144:
		return "LINUX_IRDA"
	case 163:
		return "IEEE802_11_AVS"
	case 165:
		return "BACNET_MS_TP"
	case 187:
		return "BLUETOOTH_HCI_H4"
	case 189:
		return "USB_LINUX"
	case 192:
		return "PPI"
	case 195:
		return "IEEE802_15_4_WITHFCS"
	case 201:
		return "BLUETOOTH_HCI_H4_WITH_PHDR"
	case 215:
		return "IEEE802_15_4_NONASK_PHY"
	case 220:
		return "USB_LINUX_MMAPPED"
	case 227:
		return "CAN_SOCKETCAN"
	case linkIPv4:
		return "IPV4"
	case linkIPv6:
		return "IPV6"
	case 230:
		return "IEEE802_15_4_NOFCS"
	case 231:
		return "DBUS"
	case linkNFLog:
		return "NFLOG"
	case 240:
		return "NETANALYZER"
	case 249:
		return "USBPCAP"
	case 251:
		return "BLUETOOTH_LE_LL"
	case 253:
		return "NETLINK"
	case 258:
		return "PKTAP"
	case 266:
		return "USB_DARWIN"
	case 271:
		return "VSOCK"
	case linkCooked2:
		return "LINUX_SLL2"
	case 283:
		return "IEEE802_15_4_TAP"
	}
	return "unknown"
}

func (t linkType) String() string { return fmt.Sprintf("%d (%s)", uint16(t), t.name()) }
