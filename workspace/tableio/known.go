package tableio

import (
	"net/netip"
	"strconv"
	"strings"
)

// knownNames returns the column names of a published table that comes without
// header, as its documentation has them, where the records have its shape; nil
// for any other.
func knownNames(sample []sampled, width int) []string {
	for _, k := range knownTables() {
		names := strings.Fields(k.names)
		if len(names) < width || len(names) > width+k.optional {
			continue
		}
		n, fit := 0, true
		for _, s := range sample {
			if len(s.fields) == width && fit {
				fit = k.fits(s.fields)
				n++
			}
		}
		if n > 0 && fit {
			return names[:width]
		}
	}
	return nil
}

// knownTable is a published table without header.
type knownTable struct {
	names    string
	optional int // columns at the end that some editions lack
	fits     func(record []string) bool
}

func knownTables() []knownTable {
	number := func(cells ...string) bool {
		for _, c := range cells {
			if _, err := strconv.ParseFloat(c, 64); err != nil {
				return false
			}
		}
		return true
	}
	address := func(cells ...string) bool {
		for _, c := range cells {
			if _, err := netip.ParseAddr(c); err != nil {
				return false
			}
		}
		return true
	}
	protocol := func(c string) bool {
		return protocolName(c) || c != "" && !number(c) && len(c) < 16 && !strings.ContainsAny(c, " .:")
	}
	return []knownTable{
		{ // UGR'16, nfdump's own order (nesg.ugr.es/nesg-ugr16)
			"te td sa da sp dp pr flg fwd stos pkt byt label", 1, func(r []string) bool {
				return len(layoutsOf(r[0])) > 0 && number(r[1], r[4], r[5], r[10], r[11]) && address(r[2], r[3]) && protocol(r[6])
			},
		},
		{ // UNSW-NB15, NUSW-NB15_features.csv
			`srcip sport dstip dsport proto state dur sbytes dbytes sttl dttl sloss dloss service Sload Dload Spkts Dpkts
			swin dwin stcpb dtcpb smeansz dmeansz trans_depth res_bdy_len Sjit Djit Stime Ltime Sintpkt Dintpkt tcprtt synack ackdat
			is_sm_ips_ports ct_state_ttl ct_flw_http_mthd is_ftp_login ct_ftp_cmd ct_srv_src ct_srv_dst ct_dst_ltm ct_src_ltm
			ct_src_dport_ltm ct_dst_sport_ltm ct_dst_src_ltm attack_cat Label`, 0, func(r []string) bool {
				return address(r[0], r[2]) && protocol(r[4]) && number(r[6], r[7], r[28], r[29])
			},
		},
		{ // KDD Cup 1999 and NSL-KDD (kddcup.names), whose editions end in a label and a difficulty
			`duration protocol_type service flag src_bytes dst_bytes land wrong_fragment urgent hot num_failed_logins logged_in
			num_compromised root_shell su_attempted num_root num_file_creations num_shells num_access_files num_outbound_cmds
			is_host_login is_guest_login count srv_count serror_rate srv_serror_rate rerror_rate srv_rerror_rate same_srv_rate
			diff_srv_rate srv_diff_host_rate dst_host_count dst_host_srv_count dst_host_same_srv_rate dst_host_diff_srv_rate
			dst_host_same_src_port_rate dst_host_srv_diff_host_rate dst_host_serror_rate dst_host_srv_serror_rate
			dst_host_rerror_rate dst_host_srv_rerror_rate label difficulty`, 2, func(r []string) bool {
				return (r[1] == "tcp" || r[1] == "udp" || r[1] == "icmp") && number(r[0], r[4], r[5], r[22], r[24], r[40]) && !number(r[2])
			},
		},
	}
}
