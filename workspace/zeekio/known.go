package zeekio

import "strings"

// conn4 are the fields that begin most logs.
const conn4 = "ts:time uid:string id.orig_h:addr id.orig_p:port id.resp_h:addr id.resp_p:port "

// knownLogs returns, by path, the fields and types of Zeek's own logs in their
// order, as the log reference of Zeek 6 (docs.zeek.org, script reference, log
// files) and its older names list them. JSON logs carry no types; this gives
// them the ones that the same log has in TSV.
func knownLogs() map[string]string {
	return map[string]string{
		"conn": conn4 + `proto:enum service:string duration:interval orig_bytes:count resp_bytes:count
			conn_state:string local_orig:bool local_resp:bool missed_bytes:count history:string orig_pkts:count
			orig_ip_bytes:count resp_pkts:count resp_ip_bytes:count tunnel_parents:set[string] orig_l2_addr:string
			resp_l2_addr:string vlan:int inner_vlan:int community_id:string ip_proto:count`,
		"dns": conn4 + `proto:enum trans_id:count rtt:interval query:string qclass:count qclass_name:string
			qtype:count qtype_name:string rcode:count rcode_name:string AA:bool TC:bool RD:bool RA:bool Z:count
			answers:vector[string] TTLs:vector[interval] rejected:bool opcode:count opcode_name:string`,
		"http": conn4 + `trans_depth:count method:string host:string uri:string referrer:string version:string
			user_agent:string origin:string request_body_len:count response_body_len:count status_code:count
			status_msg:string info_code:count info_msg:string tags:set[enum] username:string password:string
			proxied:set[string] orig_fuids:vector[string] orig_filenames:vector[string]
			orig_mime_types:vector[string] resp_fuids:vector[string] resp_filenames:vector[string]
			resp_mime_types:vector[string]`,
		"ssl": conn4 + `version:string cipher:string curve:string server_name:string resumed:bool
			last_alert:string next_protocol:string established:bool ssl_history:string
			cert_chain_fps:vector[string] client_cert_chain_fps:vector[string] cert_chain_fuids:vector[string]
			client_cert_chain_fuids:vector[string] subject:string issuer:string client_subject:string
			client_issuer:string sni_matches_cert:bool validation_status:string ja3:string ja3s:string`,
		"x509": `ts:time fingerprint:string id:string certificate.version:count certificate.serial:string
			certificate.subject:string certificate.issuer:string certificate.not_valid_before:time
			certificate.not_valid_after:time certificate.key_alg:string certificate.sig_alg:string
			certificate.key_type:string certificate.key_length:count certificate.exponent:string
			certificate.curve:string san.dns:vector[string] san.uri:vector[string] san.email:vector[string]
			san.ip:vector[addr] basic_constraints.ca:bool basic_constraints.path_len:count host_cert:bool
			client_cert:bool`,
		"files": `ts:time fuid:string uid:string id.orig_h:addr id.orig_p:port id.resp_h:addr id.resp_p:port
			tx_hosts:set[addr] rx_hosts:set[addr] conn_uids:set[string] source:string depth:count
			analyzers:set[string] mime_type:string filename:string duration:interval local_orig:bool is_orig:bool
			seen_bytes:count total_bytes:count missing_bytes:count overflow_bytes:count timedout:bool
			parent_fuid:string md5:string sha1:string sha256:string extracted:string extracted_cutoff:bool
			extracted_size:count`,
		"notice": conn4 + `fuid:string file_mime_type:string file_desc:string proto:enum note:enum msg:string
			sub:string src:addr dst:addr p:port n:count peer_descr:string actions:set[enum]
			email_dest:set[string] suppress_for:interval remote_location.country_code:string
			remote_location.region:string remote_location.city:string remote_location.latitude:double
			remote_location.longitude:double`,
		"weird": conn4 + `name:string addl:string notice:bool peer:string source:string`,
		"ssh": conn4 + `version:count auth_success:bool auth_attempts:count direction:enum client:string
			server:string cipher_alg:string mac_alg:string compression_alg:string kex_alg:string
			host_key_alg:string host_key:string remote_location.country_code:string
			remote_location.region:string remote_location.city:string remote_location.latitude:double
			remote_location.longitude:double`,
		"smtp": conn4 + `trans_depth:count helo:string mailfrom:string rcptto:set[string] date:string
			from:string to:set[string] cc:set[string] reply_to:string msg_id:string in_reply_to:string
			subject:string x_originating_ip:addr first_received:string second_received:string
			last_reply:string path:vector[addr] user_agent:string tls:bool fuids:vector[string]
			is_webmail:bool`,
		"ftp": conn4 + `user:string password:string command:string arg:string mime_type:string
			file_size:count reply_code:count reply_msg:string data_channel.passive:bool
			data_channel.orig_h:addr data_channel.resp_h:addr data_channel.resp_p:port fuid:string`,
		"rdp": conn4 + `cookie:string result:string security_protocol:string client_channels:vector[string]
			keyboard_layout:string client_build:string client_name:string client_dig_product_id:string
			desktop_width:count desktop_height:count requested_color_depth:string cert_type:string
			cert_count:count cert_permanent:bool encryption_level:string encryption_method:string`,
		"ntp": conn4 + `version:count mode:count stratum:count poll:interval precision:interval
			root_delay:interval root_disp:interval ref_id:string ref_time:time org_time:time rec_time:time
			xmt_time:time num_exts:count`,
		"kerberos": conn4 + `request_type:string client:string service:string success:bool
			error_msg:string from:time till:time cipher:string forwardable:bool renewable:bool
			client_cert_subject:string client_cert_fuid:string server_cert_subject:string
			server_cert_fuid:string`,
		"modbus": conn4 + `tid:count unit:count func:string pdu_type:string exception:string`,
		"dhcp": `ts:time uids:set[string] client_addr:addr server_addr:addr client_port:port
			server_port:port mac:string host_name:string client_fqdn:string domain:string
			requested_addr:addr assigned_addr:addr lease_time:interval client_message:string
			server_message:string msg_types:vector[string] duration:interval msg_orig:vector[addr]
			client_software:string server_software:string circuit_id:string agent_remote_id:string
			subscriber_id:string`,
		"syslog": conn4 + `proto:enum facility:string severity:string message:string`,
		"snmp": conn4 + `duration:interval version:string community:string get_requests:count
			get_bulk_requests:count get_responses:count set_requests:count display_string:string
			up_since:time`,
		"sip": conn4 + `trans_depth:count method:string uri:string date:string request_from:string
			request_to:string response_from:string response_to:string reply_to:string call_id:string
			seq:string subject:string request_path:vector[string] response_path:vector[string]
			user_agent:string status_code:count status_msg:string warning:string request_body_len:count
			response_body_len:count content_type:string`,
		"tunnel":  conn4 + `tunnel_type:enum action:enum`,
		"dce_rpc": conn4 + `rtt:interval named_pipe:string endpoint:string operation:string`,
		"dnp3":    conn4 + `fc_request:string fc_reply:string iin:count`,
		"dpd":     conn4 + `proto:enum analyzer:string failure_reason:string`,
		"irc":     conn4 + `nick:string user:string command:string value:string addl:string`,
		"mysql":   conn4 + `cmd:string arg:string success:bool rows:count response:string`,
		"ntlm": conn4 + `username:string hostname:string domainname:string
			server_nb_computer_name:string server_dns_computer_name:string server_tree_name:string
			success:bool`,
		"radius": conn4 + `username:string mac:string framed_addr:addr tunnel_client:string
			connect_info:string reply_msg:string result:string ttl:interval`,
		"smb_files": conn4 + `fuid:string action:enum path:string name:string size:count
			prev_name:string times.modified:time times.accessed:time times.created:time
			times.changed:time`,
		"smb_mapping": conn4 + `path:string service:string native_file_system:string share_type:string`,
		"socks": conn4 + `version:count user:string password:string status:string request.host:addr
			request.name:string request_p:port bound.host:addr bound.name:string bound_p:port`,
		"software": `ts:time host:addr host_p:port software_type:enum name:string version.major:count
			version.minor:count version.minor2:count version.minor3:count version.addl:string
			unparsed_version:string`,
		"known_hosts":    `ts:time host:addr`,
		"known_services": `ts:time host:addr port_num:port port_proto:enum service:set[string]`,
		"capture_loss":   `ts:time ts_delta:interval peer:string gaps:count acks:count percent_lost:double`,
		"pe": `ts:time id:string machine:string compile_ts:time os:string subsystem:string is_exe:bool
			is_64bit:bool uses_aslr:bool uses_dep:bool uses_code_integrity:bool uses_seh:bool
			has_import_table:bool has_export_table:bool has_cert_table:bool has_debug_data:bool
			section_names:vector[string]`,
	}
}

// knownField is a field's place and type in one log.
type knownField struct {
	place int
	typ   string
}

// knownTable is knownLogs taken apart; "" holds each name's type in the first
// of the commonest logs that has it.
type knownTable map[string]map[string]knownField

func newKnownTable() knownTable {
	t := knownTable{"": {}}
	logs := knownLogs()
	first := []string{"conn", "dns", "http", "ssl", "x509", "files", "notice", "dhcp", "ntp", "modbus", "rdp", "ssh", "ftp", "smtp"}
	for path := range logs {
		t[path] = map[string]knownField{}
	}
	add := func(path, common string) {
		for i, f := range strings.Fields(logs[path]) {
			name, typ, _ := strings.Cut(f, ":")
			t[path][name] = knownField{i, typ}
			if _, has := t[common][name]; !has {
				t[common][name] = knownField{-1, typ}
			}
		}
	}
	for _, path := range first {
		add(path, "")
	}
	for path := range logs {
		add(path, path)
	}
	return t
}

// typeOf returns the type that a field has in the log at path, or, for other
// logs, in the commonest log with a field of that name; "" if none has.
func (t knownTable) typeOf(path, name string) string {
	if f, ok := t[path][name]; ok {
		return f.typ
	}
	return t[""][name].typ
}

// place returns the field's place in the log at path, or -1.
func (t knownTable) place(path, name string) int {
	if f, ok := t[path][name]; ok {
		return f.place
	}
	return -1
}
