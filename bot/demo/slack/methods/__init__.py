"""The Web API's methods, one family a file; each takes the office and the arguments, and returns Slack's answer."""
