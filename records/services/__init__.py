"""The verbs: one function is one transaction, whoever calls it. No request, form or template in here."""
