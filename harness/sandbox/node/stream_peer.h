// The API server's end of one stream connection, as a session of the node sees it.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_PEER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_PEER_H_

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "harness/base/files.h"
#include "harness/sandbox/node/stream_protocol.h"

namespace holdfast::sandbox::node {

// Used by one thread. `stop` must outlive it and ends every wait.
class StreamPeer {
 public:
  StreamPeer(FileDescriptor connection, const std::stop_token& stop)
      : connection_(std::move(connection)),
        stop_(stop) {}
  // Says that no more comes and waits, a few seconds at most, until the peer has ended, too: a socket
  // that is closed with something unread in it is reset, and the peer loses what it had not read yet.
  ~StreamPeer();
  StreamPeer(const StreamPeer&) = delete;
  StreamPeer& operator=(const StreamPeer&) = delete;
  [[nodiscard]] int fd() const { return connection_.get(); }
  [[nodiscard]] const std::stop_token& stop() const { return stop_; }
  std::string buffer;  // What came and was not yet taken.

  // These return false when the peer is gone.
  bool Send(std::string_view bytes);
  bool SendFrame(uint8_t channel, std::string_view payload) {
    return Send(EncodeFrame(channel, payload));
  }
  // Takes what is there into `buffer`.
  bool Receive();
  // The first line, within half a minute.
  std::optional<std::string> ReadLine();
  // The answer to the first line.
  void Refuse(int status, const std::string& reason, const std::string& message);
  bool Accept() { return Send("{\"ok\":true}\n"); }

 private:
  FileDescriptor connection_;
  const std::stop_token& stop_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_PEER_H_
