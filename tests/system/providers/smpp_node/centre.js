// A message centre made of npm's smpp. The text of a message says what becomes of it.
const smpp = require("smpp");

const server = smpp.createServer((session) => {
  session.on("error", () => {});
  session.on("bind_transceiver", (pdu) => {
    if (pdu.password !== "secret") return session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
    session.send(pdu.response({ system_id: "npm" }));
  });
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => { session.send(pdu.response()); session.close(); });
  session.on("submit_sm", (pdu) => {
    const text = pdu.short_message.message;
    console.log(JSON.stringify({ text, from: pdu.source_addr, to: pdu.destination_addr, coding: pdu.data_coding }));
    if (text === "destroy") return session.socket.destroy();
    if (text === "silent") return;
    if (text === "busy") return session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    session.send(pdu.response({ message_id: "7f" }));
    session.deliver_sm({
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      esm_class: 4,
      short_message: "id:127 sub:001 dlvrd:001 submit date:2612011200 done date:2612011201 stat:DELIVRD err:000 text:Hi",
      receipted_message_id: "7f",
      message_state: 2,
    });
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listening"));
