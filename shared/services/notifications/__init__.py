"""E-mail to people: what to say, to whom, and sending it once."""

from shared.services.notifications.analysis_mail import AnalysisNotification
from shared.services.notifications.sending import MailSending

__all__ = ["AnalysisNotification", "MailSending"]
