// The official SDK of Twilio for Node, unmodified, against a modemd. Started by test_twilio_node.py, whose telephone takes part.
"use strict";
const assert = require("node:assert/strict");
const http = require("node:http");
const twilio = require("twilio");

const { base, account, token, key, port, phone, numbers } = JSON.parse(process.argv[2]);
const origin = `http://127.0.0.1:${port}`;

/** HTTP client of the SDK that finds modemd at the place of Twilio, as docs/twilio.md shows. */
class ModemdClient extends twilio.RequestClient {
  request(options) {
    return super.request({ ...options, uri: options.uri.replace("https://api.twilio.com", base) });
  }
}

function makeClient(user = account, password = token, more = {}) {
  return twilio(user, password, { httpClient: new ModemdClient(), ...more });
}

const calls = []; // forms with a valid signature
const application = http.createServer((request, response) => {
  let body = "";
  request.on("data", (octets) => (body += octets));
  request.on("end", () => {
    const url = `${origin}${request.url}`;
    const form = Object.fromEntries(new URLSearchParams(body));
    const signature = request.headers["x-twilio-signature"];
    const valid = twilio.validateRequest(token, signature, url, form);
    assert.ok(!twilio.validateRequest("0".repeat(32), signature, url, form));
    calls.push({ path: new URL(url).pathname, valid, ...form });
    const answer = new twilio.twiml.MessagingResponse();
    if (form.Body === "where is it?") answer.message("It is at the door ✋");
    response.writeHead(200, { "Content-Type": "text/xml" }).end(answer.toString());
  });
});

async function until(find, what) {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const found = await find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within a minute: ${what}; calls: ${JSON.stringify(calls)}`);
}

async function fails(work, status, code) {
  const error = await work.then(() => assert.fail(`${code} was expected`), (error) => error);
  assert.deepEqual([error.constructor.name, error.status, error.code], ["RestException", status, code], `${error}`);
  assert.ok(error.message.length > 0);
}

async function run() {
  const client = makeClient();
  const service = `MG${account.slice(2)}`;
  const ends = { to: phone, from: numbers[0] };

  const listed = await client.incomingPhoneNumbers.list();
  assert.deepEqual(listed.map((each) => each.phoneNumber), numbers);
  assert.equal((await client.api.accounts(account).fetch()).status, "active");
  assert.equal((await makeClient("SK" + "1".repeat(32), key, { accountSid: account }).messages.list()).length, 0);

  // sent, and told of
  const statusCallback = `${origin}/status?order=a%20b`;
  const sent = await client.messages.create({ ...ends, body: "hello", statusCallback });
  assert.deepEqual([sent.status, sent.direction, sent.from], ["queued", "outbound-api", numbers[0]]);
  const told = await until(() => calls.find((each) => each.MessageStatus === "delivered"), "it is delivered");
  assert.deepEqual([told.path, told.MessageSid, told.To], ["/status", sent.sid, phone]);
  assert.equal(told.MessagingServiceSid, undefined);
  const found = await client.messages(sent.sid).fetch();
  assert.equal(found.status, "delivered");
  assert.ok(found.dateSent instanceof Date && found.dateSent <= new Date());

  // long, by the pool
  const text = "x".repeat(160) + "✋" + "y".repeat(160);
  const callback = `${origin}/pool`;
  const long = await client.messages.create({ to: phone, messagingServiceSid: service, body: text, statusCallback: callback });
  assert.deepEqual([long.status, long.numSegments, long.from, long.messagingServiceSid], ["accepted", "5", null, service]);
  const pooled = await until(() => calls.find((each) => each.path === "/pool" && each.MessageStatus === "delivered"), "long");
  assert.equal(pooled.MessagingServiceSid, service);

  // scheduled and cancelled
  const sendAt = new Date(Date.now() + 3600_000);
  const plan = { to: phone, messagingServiceSid: service, body: "later", scheduleType: "fixed", sendAt };
  const planned = await client.messages.create(plan);
  assert.equal(planned.status, "scheduled");
  assert.equal((await client.messages(planned.sid).update({ status: "canceled" })).status, "canceled");
  await fails(client.messages(planned.sid).update({ status: "canceled" }), 409, 30409);

  // what other parameters do
  const more = { maxPrice: 0.5, attempt: 2, provideFeedback: true, validityPeriod: 600, smartEncoded: true };
  assert.equal((await client.messages.create({ ...ends, body: "“smart”", ...more })).body, '"smart"');
  await client.messages.create({ ...ends, body: "one more" });

  // pages, forward and back
  const all = await client.messages.list({ to: phone });
  assert.equal(all.length, 5);
  assert.deepEqual((await client.messages.list({ to: phone, pageSize: 2 })).map((each) => each.sid), all.map((each) => each.sid));
  const first = await client.messages.page({ to: phone, pageSize: 2 });
  const second = await first.nextPage();
  const third = await second.nextPage();
  assert.deepEqual([first, second, third].map((page) => page.instances.length), [2, 2, 1]);
  assert.equal(third.nextPageUrl, undefined);
  for (const [back, there] of [[await third.previousPage(), second], [await second.previousPage(), first]])
    assert.deepEqual(back.instances.map((each) => each.sid), there.instances.map((each) => each.sid));
  assert.equal(first.previousPageUrl, undefined);
  assert.deepEqual(await client.messages.list({ dateSentAfter: new Date(Date.now() + 86400_000) }), []);

  // redacted, told about, deleted
  assert.equal((await client.messages(long.sid).update({ body: "" })).body, "");
  assert.equal((await client.messages(long.sid).feedback.create({ outcome: "confirmed" })).outcome, "confirmed");
  assert.deepEqual(await client.messages(long.sid).media.list(), []);
  assert.equal(await client.messages(long.sid).remove(), true);
  await fails(client.messages(long.sid).fetch(), 404, 20404);

  // errors as the SDK reads them
  await fails(client.messages.create({ ...ends, to: "nobody", body: "x" }), 400, 21211);
  await fails(client.messages.create({ ...ends, from: "+33799999999", body: "x" }), 400, 21606);
  await fails(client.messages.create({ ...ends, body: "x".repeat(1601) }), 400, 21617);
  await fails(client.calls.create({ ...ends, url: origin }), 404, 20404);
  await fails(makeClient(account, "0".repeat(32)).messages.list(), 401, 20003);
  await fails(makeClient(account, token, { accountSid: `AC${"0".repeat(32)}` }).messages.list(), 401, 20003);

  // a person writes: answered in TwiML, then STOP
  await client.messages.create({ ...ends, body: "ask me" });
  const asked = await until(() => calls.find((each) => each.Body === "where is it?"), "the question comes");
  assert.deepEqual([asked.From, asked.To, asked.SmsStatus, asked.OptOutType], [phone, numbers[0], "received", undefined]);
  await until(async () => (await client.messages.list({ to: phone })).find(
    (each) => each.direction === "outbound-reply" && each.status === "delivered"), "the reply arrives");
  await client.messages.create({ ...ends, body: "stop me" });
  const stopped = await until(() => calls.find((each) => each.Body === "STOP"), "the STOP comes");
  assert.equal(stopped.OptOutType, "STOP");
  await fails(client.messages.create({ ...ends, body: "buy" }), 400, 21610);

  assert.ok(calls.every((each) => each.valid), JSON.stringify(calls));
}

application.listen(port, "127.0.0.1", () =>
  run().then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  ),
);
