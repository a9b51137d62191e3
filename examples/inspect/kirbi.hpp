// Ticket files of mimikatz: a KRB-CRED with all lengths in long form.
#pragma once
#include <kerb/format/kirbi.hpp>
#include <kerb/messages.hpp>

#include "model.hpp"

namespace inspect {

/// The DER of such a file, or nothing if it is something else. Use it only for files: messages from a network are shown
/// unchanged, with their faults.
inline std::optional<octets> der_of_kirbi(kerb::bytes_view in) {
  if (in.empty() || in[0] != 0x76 || kerb::asn1::decode<kerb::msg::KrbCred>(in)) return std::nullopt;
  octets out(in.size());
  const auto der = kerb::kirbi_as_der(in, out);
  if (!der || der->size() == in.size() || !kerb::asn1::decode<kerb::msg::KrbCred>(*der)) return std::nullopt;
  return octets(der->begin(), der->end());
}

}  // namespace inspect
