// Datagrams in batches: one system call receives them, another one sends the answers.
#pragma once
#include <sys/socket.h>

#include <array>
#include <kerb/core/bytes.hpp>
#include <memory>
#include <vector>

namespace example {

class datagram_batch {
 public:
  static constexpr std::size_t most = 16;

  datagram_batch() : octets_(std::make_unique_for_overwrite<std::uint8_t[]>(most * largest)) {
    for (std::size_t i = 0; i != most; ++i) {
      pieces_[i] = {octets_.get() + i * largest, largest};
      in_[i].msg_hdr = {};
      in_[i].msg_hdr.msg_name = &from_[i];
      in_[i].msg_hdr.msg_iov = &pieces_[i];
      in_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  datagram_batch(const datagram_batch&) = delete;
  datagram_batch& operator=(const datagram_batch&) = delete;

  /// Receives without blocking, and returns the number of datagrams.
  std::size_t receive(int socket) {
    for (mmsghdr& m : in_) m.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    answered_ = 0;
    const int n = ::recvmmsg(socket, in_.data(), most, MSG_DONTWAIT, nullptr);
    return n < 0 ? 0 : static_cast<std::size_t>(n);
  }
  kerb::bytes_view message(std::size_t i) const { return {octets_.get() + i * largest, in_[i].msg_len}; }
  const sockaddr_storage& from(std::size_t i) const { return from_[i]; }

  /// Keeps the answer to message i until send(). If it is empty, there is no answer.
  void answer(std::size_t i, kerb::bytes_view octets) {
    if (octets.empty()) return;
    const std::size_t n = answered_++;
    kept_[n].assign(octets.begin(), octets.end());
    answers_[n] = {kept_[n].data(), kept_[n].size()};
    out_[n] = {};
    out_[n].msg_hdr.msg_name = &from_[i];
    out_[n].msg_hdr.msg_namelen = in_[i].msg_hdr.msg_namelen;
    out_[n].msg_hdr.msg_iov = &answers_[n];
    out_[n].msg_hdr.msg_iovlen = 1;
  }
  void send(int socket) {
    for (std::size_t sent = 0; sent < answered_;) {
      const int n = ::sendmmsg(socket, &out_[sent], static_cast<unsigned>(answered_ - sent), MSG_DONTWAIT);
      sent += n > 0 ? static_cast<std::size_t>(n) : 1;  // one that cannot be sent is lost, as datagrams may be
    }
  }

 private:
  static constexpr std::size_t largest = 65536;
  std::unique_ptr<std::uint8_t[]> octets_;
  std::array<sockaddr_storage, most> from_{};
  std::array<iovec, most> pieces_{}, answers_{};
  std::array<mmsghdr, most> in_{}, out_{};
  std::array<std::vector<std::uint8_t>, most> kept_;
  std::size_t answered_ = 0;
};

}  // namespace example
