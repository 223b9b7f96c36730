// Preloaded into stand-ins that would listen on every interface: a test server belongs on 127.0.0.1 alone.
const net = require("node:net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, host, ...rest) {
  if (typeof port !== "number" && typeof port !== "string") return listen.call(this, port, host, ...rest);
  return listen.call(this, Number(port), "127.0.0.1", ...[host, ...rest].filter((value) => typeof value === "function"));
};
