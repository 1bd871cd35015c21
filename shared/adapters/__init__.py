"""The only home of Google's, Firebase's and SendGrid's client libraries."""
