// One stream of a node agent on the thread of a client's connection.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_AGENT_LINK_H_
#define HOLDFAST_HARNESS_SANDBOX_API_AGENT_LINK_H_

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>

#include "harness/sandbox/api/handler.h"
#include "harness/sandbox/node/stream_protocol.h"

namespace holdfast::sandbox {

// Held by shared_ptr: what is under way keeps it alive.
class AgentLink : public std::enable_shared_from_this<AgentLink> {
 public:
  using Next = std::function<void()>;
  AgentLink(boost::asio::io_context& context, AgentStream agent)
      : socket_(context),
        incoming_(std::move(agent.rest)) {
    socket_.assign(boost::asio::generic::stream_protocol(AF_INET, 0), agent.fd.Release());
  }

  // Frames to the agent, in order. An agent that no longer listens may still have something to tell.
  void Send(std::string frame, const std::function<void()>& written) {
    pending_ += frame.size();
    outgoing_.push_back(std::move(frame));
    written_ = written;
    if (outgoing_.size() == 1) Write();
  }
  [[nodiscard]] size_t pending() const { return pending_; }

  // `on_frame` gets each frame of the agent and calls what it is given when it wants the next one;
  // `on_end` is called once, not after Close.
  void Pump(std::function<void(const Frame&, const Next&)> on_frame, std::function<void()> on_end) {
    on_frame_ = std::move(on_frame);
    on_end_ = std::move(on_end);
    ReadNext();
  }
  void Close() {
    closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  void Write() {
    boost::asio::async_write(
        socket_, boost::asio::buffer(outgoing_.front()),
        [self = shared_from_this()](boost::system::error_code error, size_t) {
          if (error) {
            self->outgoing_.clear();
            self->pending_ = 0;
          } else {
            self->pending_ -= self->outgoing_.front().size();
            self->outgoing_.pop_front();
            if (!self->outgoing_.empty()) self->Write();
          }
          if (!self->closed_ && self->written_) self->written_();
        });
  }
  void ReadNext() {
    if (closed_) return;
    if (const auto frame = TakeFrame(incoming_))
      return on_frame_(*frame, [self = shared_from_this()] { self->ReadNext(); });
    socket_.async_read_some(
        boost::asio::buffer(piece_),
        [self = shared_from_this()](boost::system::error_code error, size_t got) {
          if (self->closed_) return;
          if (error) return self->on_end_();
          self->incoming_.append(self->piece_.data(), got);
          self->ReadNext();
        });
  }

  boost::asio::generic::stream_protocol::socket socket_;
  std::string incoming_;
  std::deque<std::string> outgoing_;
  size_t pending_ = 0;
  bool closed_ = false;
  std::array<char, 32768> piece_{};
  std::function<void()> written_;
  std::function<void(const Frame&, const Next&)> on_frame_;
  std::function<void()> on_end_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_AGENT_LINK_H_
