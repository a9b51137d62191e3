// Commands to a Redis server and their replies, in order, over a connection that never blocks.
#pragma once
#include <hiredis/hiredis.h>
#include <poll.h>

#include <chrono>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace example {

using steady = std::chrono::steady_clock;

/// Many commands can be pending at once. Redis answers them in order.
class redis_pipe {
 public:
  /// Called with the reply. Null: there will be no reply, and it is unknown whether the command was executed.
  using then = std::function<void(const redisReply*)>;

  /// `address` is HOST:PORT, or the path of a socket.
  explicit redis_pipe(std::string address) : address_(std::move(address)) {
    const std::size_t colon = address_.rfind(':');
    if (is_path()) return;
    if (colon == std::string::npos) throw std::runtime_error("--redis is HOST:PORT, or the path of a socket");
    host_ = address_.substr(0, colon);
    port_ = std::stoi(address_.substr(colon + 1));
  }

  bool is_open() const { return context_ != nullptr; }
  /// Starts to connect. Returns false if that fails at once. The look-up of a host name blocks: use an address.
  bool open() {
    context_.reset(is_path() ? redisConnectUnixNonBlock(address_.c_str()) : redisConnectNonBlock(host_.c_str(), port_));
    if (context_ && context_->err != 0) context_.reset();
    return is_open();
  }
  /// Closes the connection, and calls all pending functions with null.
  void close() {
    context_.reset();
    unsent_ = false;
    for (auto left = std::exchange(asked_, {}); !left.empty(); left.pop_front()) left.front().next(nullptr);
  }

  void ask(std::initializer_list<std::string_view> words, then next) {
    std::vector<const char*> text;
    std::vector<std::size_t> size;
    for (const std::string_view w : words) text.push_back(w.data()), size.push_back(w.size());
    if (!context_ ||
        redisAppendCommandArgv(context_.get(), static_cast<int>(text.size()), text.data(), size.data()) != 0)
      return next(nullptr);
    unsent_ = true;
    asked_.push_back({std::move(next), steady::now()});
  }
  /// When the oldest pending command was sent; time_point::max() if there is none.
  steady::time_point waiting_since() const { return asked_.empty() ? steady::time_point::max() : asked_.front().when; }

  pollfd wanted() const {
    return {context_ ? context_->fd : -1, static_cast<short>(unsent_ ? POLLIN | POLLOUT : POLLIN), 0};
  }
  /// Sends and receives what it can without blocking. Returns false if the connection has ended.
  bool go_on() {
    int all_sent = 0;
    if (unsent_ && redisBufferWrite(context_.get(), &all_sent) != REDIS_OK) return false;
    unsent_ = unsent_ && all_sent == 0;
    if (redisBufferRead(context_.get()) != REDIS_OK) return false;
    for (;;) {
      void* got = nullptr;
      if (redisGetReplyFromReader(context_.get(), &got) != REDIS_OK) return false;
      if (got == nullptr) return true;
      const std::unique_ptr<void, void (*)(void*)> reply(got, freeReplyObject);
      if (asked_.empty()) return false;  // a reply without a command
      const then next = std::move(asked_.front().next);
      asked_.pop_front();
      next(static_cast<const redisReply*>(got));
      if (!context_) return false;  // `next` has closed the connection
    }
  }

 private:
  struct question {
    then next;
    steady::time_point when;
  };
  bool is_path() const { return !address_.empty() && address_.front() == '/'; }

  std::string address_, host_;
  int port_ = 0;
  std::unique_ptr<redisContext, void (*)(redisContext*)> context_{nullptr, redisFree};
  bool unsent_ = false;
  std::deque<question> asked_;
};

}  // namespace example
