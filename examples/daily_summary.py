"""Every morning: read the inbox, mail a summary, post it to Slack and send a message to the workspace."""

import wren

gmail = wren.integrations.gmail.init()
slack = wren.integrations.slack.init(default_channel="general")
messaging = wren.integrations.messaging.init()


@wren.on_schedule("0 9 * * *", timezone="Europe/Berlin")
def daily_summary() -> dict[str, int]:
    unread = gmail.search("is:unread in:inbox", limit=20)
    print(f"{len(unread)} unread mails")

    lines = [f"- {mail.sender.name or mail.sender.address}: {mail.subject}" for mail in unread]
    summary = "\n".join([f"{len(unread)} unread mails this morning", *lines])

    sent = gmail.send(to="alice@example.com", subject="Your daily summary", text=summary)
    posted = slack.post(summary)
    messaging.send(f"Summary of {len(unread)} mails sent", subject="Daily summary")
    print(f"mailed as {sent.id}, posted at {posted.ts}")
    return {"unread": len(unread)}
