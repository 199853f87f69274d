package dissect

import "strconv"

// Versions of SSL and TLS on the wire.
const (
	sslv2  = 0x0002
	sslv3  = 0x0300
	tlsv10 = 0x0301
	tlsv11 = 0x0302
	tlsv12 = 0x0303
	tlsv13 = 0x0304
)

// sslVersionName names a version (Zeek's SSL::version_strings).
func sslVersionName(v uint16) string {
	switch v {
	case sslv2:
		return "SSLv2"
	case sslv3:
		return "SSLv3"
	case tlsv10:
		return "TLSv10"
	case tlsv11:
		return "TLSv11"
	case tlsv12:
		return "TLSv12"
	case tlsv13:
		return "TLSv13"
	case 0xfeff:
		return "DTLSv10"
	case 0xfefd:
		return "DTLSv12"
	case 0xfefc:
		return "DTLSv13"
	}
	if v/0xff == 0x7f {
		return "TLSv13-draft" + strconv.Itoa(int(v%0x7f))
	}
	return "unknown-" + strconv.Itoa(int(v))
}

// sslGrease returns the name of a value that is sent to see whether others are
// ignored (RFC 8701), "" for any other.
func sslGrease(v uint16) string {
	if v&0x0f0f != 0x0a0a || v>>8 != v&0xff {
		return ""
	}
	const digits = "0123456789ABCDEF"
	d := digits[v>>4&15]
	return "grease_0x" + string([]byte{d, 'A', d, 'A'})
}

// sslCurveName names a group (IANA's TLS Supported Groups, as Zeek's
// SSL::ec_curves spells them).
func sslCurveName(v uint16) string {
	low := [...]string{
		"sect163k1", "sect163r1", "sect163r2", "sect193r1", "sect193r2", "sect233k1", "sect233r1", "sect239k1",
		"sect283k1", "sect283r1", "sect409k1", "sect409r1", "sect571k1", "sect571r1", "secp160k1", "secp160r1",
		"secp160r2", "secp192k1", "secp192r1", "secp224k1", "secp224r1", "secp256k1", "secp256r1", "secp384r1",
		"secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", "x25519", "x448",
		"brainpoolP256r1tls13", "brainpoolP384r1tls13", "brainpoolP512r1tls13", "GC256A", "GC256B", "GC256C",
		"GC256D", "GC512A", "GC512B", "GC512C", "curveSM2",
	}
	if v >= 1 && int(v) <= len(low) {
		return low[v-1]
	}
	switch v {
	case 256:
		return "ffdhe2048"
	case 257:
		return "ffdhe3072"
	case 258:
		return "ffdhe4096"
	case 259:
		return "ffdhe6144"
	case 260:
		return "ffdhe8192"
	case 512:
		return "MLKEM512"
	case 513:
		return "MLKEM768"
	case 514:
		return "MLKEM1024"
	case 4587:
		return "SecP256r1MLKEM768"
	case 4588:
		return "X25519MLKEM768"
	case 4589:
		return "SecP384r1MLKEM1024"
	case 4590:
		return "curveSM2MLKEM768"
	case 16696:
		return "CECPQ2"
	case 25497:
		return "X25519Kyber768Draft00"
	case 25498:
		return "SecP256r1Kyber768Draft00"
	case 0xff01:
		return "arbitrary_explicit_prime_curves"
	case 0xff02:
		return "arbitrary_explicit_char2_curves"
	}
	if name := sslGrease(v); name != "" {
		return name
	}
	return "unknown-" + strconv.Itoa(int(v))
}

// sslAlertName names an alert (IANA's TLS Alerts, as Zeek's
// SSL::alert_descriptions spells them).
func sslAlertName(v uint16) string {
	switch v {
	case 0:
		return "close_notify"
	case 10:
		return "unexpected_message"
	case 20:
		return "bad_record_mac"
	case 21:
		return "decryption_failed"
	case 22:
		return "record_overflow"
	case 30:
		return "decompression_failure"
	case 40:
		return "handshake_failure"
	case 41:
		return "no_certificate"
	case 42:
		return "bad_certificate"
	case 43:
		return "unsupported_certificate"
	case 44:
		return "certificate_revoked"
	case 45:
		return "certificate_expired"
	case 46:
		return "certificate_unknown"
	case 47:
		return "illegal_parameter"
	case 48:
		return "unknown_ca"
	case 49:
		return "access_denied"
	case 50:
		return "decode_error"
	case 51:
		return "decrypt_error"
	case 60:
		return "export_restriction"
	case 70:
		return "protocol_version"
	case 71:
		return "insufficient_security"
	case 80:
		return "internal_error"
	case 86:
		return "inappropriate_fallback"
	case 90:
		return "user_canceled"
	case 100:
		return "no_renegotiation"
	case 110:
		return "unsupported_extension"
	case 111:
		return "certificate_unobtainable"
	case 112:
		return "unrecognized_name"
	case 113:
		return "bad_certificate_status_response"
	case 114:
		return "bad_certificate_hash_value"
	case 115:
		return "unknown_psk_identity"
	case 116:
		return "certificate_required"
	case 117:
		return "general_error"
	case 120:
		return "no_application_protocol"
	case 121:
		return "ech_required"
	}
	return "unknown-" + strconv.Itoa(int(v))
}
